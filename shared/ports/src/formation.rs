use crate::PortError;

/// The stack that Forescale is a part of, as CloudFormation sees it, and the answers that it waits for.
pub trait Formation {
    /// Whether the stack `id` is being deleted as a whole. A part of it also goes when an update or its
    /// rollback takes it out.
    ///
    /// # Errors
    /// [`PortError`].
    async fn is_being_deleted(&self, id: &str) -> Result<bool, PortError>;

    /// Puts `answer`, a JSON text, at `url`, which is signed for that one use.
    ///
    /// # Errors
    /// [`PortError`], which tells the host and never the rest of `url`: whoever has it can answer.
    async fn answer(&self, url: &str, answer: &str) -> Result<(), PortError>;
}
