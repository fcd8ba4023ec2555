//! The three encoders under one name, with parameters that bound what each takes.
//!
//! What a quick one holds, while it is at work and however long the content: of zstd
//! 1.4 MiB, of Brotli 1.9 MiB, of gzip 0.5 MiB. Windows are therefore far smaller than
//! the codings allow; of pages, which are shorter, that costs nothing.

use std::io::{self, Write};

use brotli::CompressorWriter;
use brotli::enc::BrotliEncoderParams;
use flate2::Compression;
use flate2::write::GzEncoder;
use zstd::stream::raw::CParameter;
use zstd::stream::write::Encoder as ZstdEncoder;

use super::coding::Coding;

/// How much time is spent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effort {
    /// For one answer: from 40 MB a second on.
    Quick,
    /// For content that is sent many times.
    Thorough,
}

/// Content on its way into a coding.
pub enum Encoder {
    Zstd(ZstdEncoder<'static, Vec<u8>>),
    Brotli(Box<CompressorWriter<Vec<u8>>>),
    Gzip(GzEncoder<Vec<u8>>),
}

impl Encoder {
    /// An encoder of so many bytes, if that is known.
    pub fn new(coding: Coding, effort: Effort, bytes: Option<u64>) -> io::Result<Self> {
        Ok(match coding {
            Coding::Zstd => Self::Zstd(zstd(effort, bytes)?),
            Coding::Brotli => Self::Brotli(Box::new(brotli(effort, bytes))),
            Coding::Gzip => {
                let level = if effort == Effort::Quick { 6 } else { 9 };
                Self::Gzip(GzEncoder::new(Vec::new(), Compression::new(level)))
            }
        })
    }

    pub fn write(&mut self, piece: &[u8]) -> io::Result<()> {
        match self {
            Self::Zstd(encoder) => encoder.write_all(piece),
            Self::Brotli(encoder) => encoder.write_all(piece),
            Self::Gzip(encoder) => encoder.write_all(piece),
        }
    }

    /// Has all that was written come out, so that it can be decoded.
    pub fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Zstd(encoder) => encoder.flush(),
            Self::Brotli(encoder) => encoder.flush(),
            Self::Gzip(encoder) => encoder.flush(),
        }
    }

    /// What came out since the last time.
    pub fn take(&mut self) -> Vec<u8> {
        std::mem::take(match self {
            Self::Zstd(encoder) => encoder.get_mut(),
            Self::Brotli(encoder) => encoder.get_mut(),
            Self::Gzip(encoder) => encoder.get_mut(),
        })
    }

    /// The rest of what comes out.
    pub fn finish(self) -> io::Result<Vec<u8>> {
        match self {
            Self::Zstd(encoder) => encoder.finish(),
            Self::Brotli(encoder) => Ok(encoder.into_inner()),
            Self::Gzip(encoder) => encoder.finish(),
        }
    }
}

fn zstd(effort: Effort, bytes: Option<u64>) -> io::Result<ZstdEncoder<'static, Vec<u8>>> {
    let thorough = effort == Effort::Thorough;
    let mut encoder = ZstdEncoder::new(Vec::new(), if thorough { 19 } else { 5 })?;
    encoder.set_pledged_src_size(bytes)?;
    encoder.set_parameter(CParameter::WindowLog(17))?;
    if !thorough {
        encoder.set_parameter(CParameter::HashLog(16))?;
        encoder.set_parameter(CParameter::ChainLog(16))?;
    }
    Ok(encoder)
}

fn brotli(effort: Effort, bytes: Option<u64>) -> CompressorWriter<Vec<u8>> {
    let thorough = effort == Effort::Thorough;
    let parameters = BrotliEncoderParams {
        quality: if thorough { 11 } else { 4 },
        lgwin: if thorough { 18 } else { 16 },
        lgblock: if thorough { 18 } else { 16 },
        size_hint: bytes.and_then(|bytes| usize::try_from(bytes).ok()).unwrap_or_default(),
        ..BrotliEncoderParams::default()
    };
    CompressorWriter::with_params(Vec::new(), 4096, &parameters)
}

#[cfg(test)]
impl Coding {
    fn decoder<'a>(self, coded: &'a [u8]) -> Box<dyn io::Read + 'a> {
        match self {
            Coding::Zstd => Box::new(zstd::stream::read::Decoder::new(coded).expect("there is memory")),
            Coding::Brotli => Box::new(::brotli::Decompressor::new(coded, 4096)),
            Coding::Gzip => Box::new(flate2::read::GzDecoder::new(coded)),
        }
    }

    /// The content again.
    pub fn decoded(self, coded: &[u8]) -> Vec<u8> {
        let mut plain = Vec::new();
        self.decoder(coded).read_to_end(&mut plain).expect("it is whole");
        plain
    }

    /// What can be read of the content's beginning.
    pub fn decoded_so_far(self, coded: &[u8]) -> Vec<u8> {
        let (mut plain, mut decoder) = (Vec::new(), self.decoder(coded));
        let mut piece = [0; 4096];
        while let Ok(read @ 1..) = decoder.read(&mut piece) {
            plain.extend_from_slice(&piece[..read]);
        }
        plain
    }
}
