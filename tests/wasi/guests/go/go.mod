module wasi_go_guest

go 1.24
