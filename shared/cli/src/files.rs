//! Writes result files so that nobody sees half of one.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use crate::failure::{Blame, Done, input};

/// A directory that results are written into.
#[derive(Debug)]
pub(crate) struct Folder {
    path: PathBuf,
    dry: bool,
}

impl Folder {
    /// The directory at `path`, made where it does not exist. Nothing is made or written where `dry`.
    pub(crate) fn make(path: &Path, dry: bool) -> Done<Self> {
        if dry {
            let path = path.to_owned();
            return Ok(Self { path, dry });
        }
        fs::create_dir_all(path).input(|| {
            format!(
                "{} cannot be made: give --out a directory that can be written to",
                path.display()
            )
        })?;
        let path = path.to_owned();
        Ok(Self { path, dry })
    }

    /// The directory that the file at `path` lies in, made where it does not exist, and the file's name.
    /// `flag` is what gave the path.
    pub(crate) fn of(path: &Path, flag: &str, dry: bool) -> Done<(Self, String)> {
        let name = path.file_name().and_then(|name| name.to_str());
        let name = name.ok_or_else(|| {
            input(format!(
                "{flag} {}: give the name of a file",
                path.display()
            ))
        })?;
        if path.is_dir() {
            return Err(input(format!(
                "{flag} {} is a directory: give the name of a file",
                path.display()
            )));
        }
        let parent = path
            .parent()
            .filter(|parent| !parent.as_os_str().is_empty());
        let folder = Self::make(parent.unwrap_or(".".as_ref()), dry)?;
        Ok((folder, name.to_owned()))
    }

    /// Where `name` lies.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Tells what became of `files`.
    pub(crate) fn told(&self, files: &[PathBuf]) -> String {
        let names: Vec<String> = files.iter().map(|it| it.display().to_string()).collect();
        let word = if self.dry {
            "dry run: nothing was written, else"
        } else {
            "written:"
        };
        format!("{word} {}", names.join(", "))
    }

    /// Writes `name` whole: under another name first, which then takes its place.
    pub(crate) fn write(
        &self,
        name: &str,
        content: impl FnOnce(&mut dyn Write) -> Done,
    ) -> Done<PathBuf> {
        let path = self.path.join(name);
        if self.dry {
            return content(&mut std::io::sink()).map(|()| path);
        }
        let beside = self.path.join(format!(".{name}.{}", std::process::id()));
        let written = fill(&path, &beside, content).and_then(|()| {
            fs::rename(&beside, &path).failed(|| format!("{} cannot be written", path.display()))
        });
        if written.is_err() {
            let _ = fs::remove_file(&beside);
        }
        written.map(|()| path)
    }
}

fn fill(path: &Path, beside: &Path, content: impl FnOnce(&mut dyn Write) -> Done) -> Done {
    let file = File::create(beside).input(|| {
        format!(
            "{} cannot be written: give a place that can be",
            path.display()
        )
    })?;
    let mut file = BufWriter::new(file);
    content(&mut file)?;
    file.flush()
        .failed(|| format!("{} cannot be written", path.display()))
}
