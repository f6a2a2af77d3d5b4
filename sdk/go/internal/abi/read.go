package abi

// Read reads a value whose length the host tells: ask answers it, and writes when the buffer is large enough. False where
// it answers that there is none.
func Read(ask func(buffer []byte) int32) (string, bool) {
	buffer := make([]byte, 256)
	size := ask(buffer)
	if int(size) > len(buffer) {
		buffer = make([]byte, size)
		size = ask(buffer)
	}
	if size < 0 || int(size) > len(buffer) {
		return "", false
	}
	return string(buffer[:size]), true
}
