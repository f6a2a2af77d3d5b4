//! The parser of HTTP/1.1 heads and chunk sizes (httparse) for C++: src/http1/parser.h declares the same.
//! httparse is lenient in three places where that lets requests be smuggled (RFC 9112, 2.2 and 11.2): it takes a bare
//! LF for a line's end, any byte in a chunk extension, and a chunk size without digits for 0. Those are refused here.
use std::mem::MaybeUninit;
use std::slice;

const INCOMPLETE: isize = 0;
const MALFORMED: isize = -1;
const TOO_MANY_FIELDS: isize = -2;
const VERSION: isize = -3;

const MOST_FIELDS: usize = 128;

#[repr(C)]
pub struct Text {
    data: *const u8,
    size: usize,
}

impl From<&[u8]> for Text {
    fn from(bytes: &[u8]) -> Text {
        Text { data: bytes.as_ptr(), size: bytes.len() }
    }
}

#[repr(C)]
pub struct Field {
    name: Text,
    value: Text,
}

#[repr(C)]
pub struct Request {
    method: Text,
    target: Text,
    minor_version: u8,
    fields: usize,
}

fn code(error: httparse::Error) -> isize {
    match error {
        httparse::Error::TooManyHeaders => TOO_MANY_FIELDS,
        httparse::Error::Version => VERSION,
        _ => MALFORMED,
    }
}

fn lines_end_in_crlf(head: &[u8]) -> bool {
    (0..head.len()).all(|i| head[i] != b'\n' || (i > 0 && head[i - 1] == b'\r'))
}

unsafe fn store(headers: &[httparse::Header], fields: *mut Field) {
    for (i, header) in headers.iter().enumerate() {
        let field = Field { name: header.name.as_bytes().into(), value: header.value.into() };
        unsafe { fields.add(i).write(field) };
    }
}

/// The bytes of a complete head, 0 when more are needed, or what is wrong. The texts point into `bytes`.
///
/// # Safety
/// `bytes` has `size` bytes, `fields` room for `max_fields`.
#[no_mangle]
pub unsafe extern "C" fn wasm_grpc_http1_parse_request(
    bytes: *const u8,
    size: usize,
    fields: *mut Field,
    max_fields: usize,
    out: *mut Request,
) -> isize {
    if size == 0 {
        return INCOMPLETE;
    }
    let bytes = unsafe { slice::from_raw_parts(bytes, size) };
    let mut headers = [const { MaybeUninit::<httparse::Header>::uninit() }; MOST_FIELDS];
    let mut request = httparse::Request::new(&mut []);
    let room = &mut headers[..max_fields.min(MOST_FIELDS)];
    match request.parse_with_uninit_headers(bytes, room) {
        Err(error) => code(error),
        Ok(httparse::Status::Partial) => INCOMPLETE,
        Ok(httparse::Status::Complete(head)) => {
            if !lines_end_in_crlf(&bytes[..head]) {
                return MALFORMED;
            }
            unsafe {
                store(request.headers, fields);
                out.write(Request {
                    method: request.method.unwrap_or("").as_bytes().into(),
                    target: request.path.unwrap_or("").as_bytes().into(),
                    minor_version: request.version.unwrap_or(0),
                    fields: request.headers.len(),
                });
            }
            head as isize
        }
    }
}

/// The bytes of a complete trailer section with its empty line, 0 when more are needed, or what is wrong.
///
/// # Safety
/// `bytes` has `size` bytes.
#[no_mangle]
pub unsafe extern "C" fn wasm_grpc_http1_parse_trailers(bytes: *const u8, size: usize) -> isize {
    if size == 0 {
        return INCOMPLETE;
    }
    let bytes = unsafe { slice::from_raw_parts(bytes, size) };
    let mut headers = [httparse::EMPTY_HEADER; MOST_FIELDS];
    match httparse::parse_headers(bytes, &mut headers) {
        Err(error) => code(error),
        Ok(httparse::Status::Partial) => INCOMPLETE,
        Ok(httparse::Status::Complete((end, _))) if lines_end_in_crlf(&bytes[..end]) => end as isize,
        Ok(httparse::Status::Complete(_)) => MALFORMED,
    }
}

/// The bytes of a complete line with a chunk's size, 0 when more are needed, or what is wrong.
///
/// # Safety
/// `bytes` has `size` bytes; `chunk` can be written to.
#[no_mangle]
pub unsafe extern "C" fn wasm_grpc_http1_parse_chunk_size(bytes: *const u8, size: usize, chunk: *mut u64) -> isize {
    if size == 0 {
        return INCOMPLETE;
    }
    let bytes = unsafe { slice::from_raw_parts(bytes, size) };
    if !bytes[0].is_ascii_hexdigit() {
        return MALFORMED;
    }
    match httparse::parse_chunk_size(bytes) {
        Err(_) => MALFORMED,
        // A line that is not complete is refused at its first bad byte all the same.
        Ok(httparse::Status::Partial) if lines_end_in_crlf(bytes) => INCOMPLETE,
        Ok(httparse::Status::Complete((end, value))) if lines_end_in_crlf(&bytes[..end]) => {
            unsafe { chunk.write(value) };
            end as isize
        }
        Ok(_) => MALFORMED,
    }
}
