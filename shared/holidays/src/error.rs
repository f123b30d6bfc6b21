use thiserror::Error;

/// A code that the table does not know.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("no holidays are known for {code:?}{}", suggestion(self.nearest))]
pub struct UnknownPlace {
    /// What was asked for.
    pub code: String,
    /// The code that was probably meant.
    pub nearest: Option<&'static str>,
}

fn suggestion(nearest: Option<&'static str>) -> String {
    nearest.map_or_else(String::new, |near| format!("; did you mean {near}?"))
}
