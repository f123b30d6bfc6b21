use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use ports::{Condition, DocumentStore, PortError, Stored, Version};

use crate::key;

/// A store in memory, for simulations and tests. Clones share their documents.
#[derive(Debug, Clone, Default)]
pub struct MemoryStore {
    documents: Rc<RefCell<BTreeMap<String, Stored>>>,
}

impl MemoryStore {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

impl DocumentStore for MemoryStore {
    async fn get(&self, key: &str) -> Result<Option<Stored>, PortError> {
        key::checked("get document", key)?;
        Ok(self.documents.borrow().get(key).cloned())
    }

    async fn put(
        &self,
        key: &str,
        bytes: &[u8],
        condition: Condition,
    ) -> Result<Version, PortError> {
        let key = key::checked("put document", key)?;
        let mut documents = self.documents.borrow_mut();
        let found = documents.get(key).map(|stored| &stored.version);
        key::hold(key, &condition, found)?;
        let version = key::version(bytes);
        let stored = Stored {
            bytes: bytes.to_vec(),
            version: version.clone(),
        };
        documents.insert(key.to_owned(), stored);
        Ok(version)
    }

    async fn delete(&self, key: &str) -> Result<(), PortError> {
        let key = key::checked("delete document", key)?;
        self.documents.borrow_mut().remove(key);
        Ok(())
    }

    async fn list(&self, prefix: &str) -> Result<Vec<String>, PortError> {
        let prefix = key::checked_prefix("list documents", prefix)?;
        let documents = self.documents.borrow();
        let from = documents.range(prefix.to_owned()..);
        let keys = from.map(|(key, _)| key);
        Ok(keys
            .take_while(|key| key.starts_with(prefix))
            .cloned()
            .collect())
    }
}
