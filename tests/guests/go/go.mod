module gotest

go 1.24
