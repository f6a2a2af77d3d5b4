//! The descriptors of services, for the module's custom section.

use prost::Message;
use prost_types::FileDescriptorSet;
use std::fs;
use std::io;
use std::path::Path;

/// A file of descriptors beside the generated code.
#[derive(Clone, Debug)]
pub(crate) struct Written {
    pub(crate) name: String,
    pub(crate) length: usize,
}

/// Writes the set, without comments and places in the source, which take more room than all the rest.
pub(crate) fn write(set: &FileDescriptorSet, folder: &Path) -> io::Result<Written> {
    let mut set = set.clone();
    for file in &mut set.file {
        file.source_code_info = None;
    }
    // Another set of the same build script has another last file.
    let last = set.file.last().map(|file| file.name().replace(['/', '\\'], ".")).unwrap_or_default();
    let name = format!("{last}.descriptors");
    let bytes = set.encode_to_vec();
    fs::write(folder.join(&name), &bytes)?;
    Ok(Written { name, length: bytes.len() })
}
