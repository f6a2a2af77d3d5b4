fn main() {
    tonic_prost_build::compile_protos("../notes.proto").unwrap();
}
