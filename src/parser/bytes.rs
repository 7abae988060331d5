//! Searching, copying and comparing where most lengths are short: without a call for each, since a browser leaves the
//! module for every copy whose length it does not know.

/// How many bytes are searched for line ends at once.
pub const BLOCK: usize = u64::BITS as usize;

/// What is longer (bytes) is worth a call.
const LONG: usize = 64;

/// A bit for each CR and LF among the first [`BLOCK`] bytes, the first byte's lowest.
pub fn find_line_ends(bytes: &[u8]) -> u64 {
    let mut padded = [0; BLOCK];
    find_in_block(bytes.first_chunk().unwrap_or_else(|| {
        padded[..bytes.len()].copy_from_slice(bytes);
        &padded
    }))
}

#[cfg(target_feature = "simd128")]
fn find_in_block(block: &[u8; BLOCK]) -> u64 {
    use std::arch::wasm32::{u8x16_bitmask, u8x16_eq, u8x16_splat, u64x2, v128_or};

    let (words, _) = block.as_chunks();
    let word = |index| u64::from_le_bytes(words[index]);
    (0..4).fold(0, |line_ends, part| {
        let bytes = u64x2(word(2 * part), word(2 * part + 1));
        let is_line_end = v128_or(
            u8x16_eq(bytes, u8x16_splat(b'\n')),
            u8x16_eq(bytes, u8x16_splat(b'\r')),
        );
        line_ends | u64::from(u8x16_bitmask(is_line_end)) << (16 * part)
    })
}

#[cfg(not(target_feature = "simd128"))]
fn find_in_block(block: &[u8; BLOCK]) -> u64 {
    memchr::memchr2_iter(b'\n', b'\r', block).fold(0, |line_ends, index| line_ends | 1 << index)
}

/// Adds bytes at the end.
pub fn append(target: &mut Vec<u8>, bytes: &[u8]) {
    if bytes.len() > LONG {
        target.extend_from_slice(bytes);
        return;
    }
    let (blocks, rest) = bytes.as_chunks::<4>();
    for block in blocks {
        target.extend_from_slice(block);
    }
    for byte in rest {
        target.push(*byte);
    }
}

/// Makes these bytes all that there is.
pub fn assign(target: &mut Vec<u8>, bytes: &[u8]) {
    target.clear();
    append(target, bytes);
}

/// From the end, where most ids differ.
pub fn is_same_id(one: &[u8], other: &[u8]) -> bool {
    one.iter().rev().eq(other.iter().rev())
}
