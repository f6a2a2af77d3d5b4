package guest

// Codec turns messages to bytes and back. Messages are pointers to the types that handlers name.
//
// A codec that has the method ContentSubtype() string says what clients name its format after "application/grpc+" in their
// content-type, in lower case, such as "json". Those that name another are answered UNIMPLEMENTED; those that name none are
// not.
type Codec interface {
	// Append encodes a message behind what buffer holds.
	Append(buffer []byte, message any) ([]byte, error)
	// Unmarshal decodes data into a new message. It keeps nothing of data, which is used again.
	Unmarshal(data []byte, message any) error
	// Check says why the codec cannot encode and decode messages of this type, or nil. It is asked once for each type.
	Check(message any) error
}

// DefaultCodec is the codec of services that are given none: of what protobuf-go-lite and vtprotobuf generate.
func DefaultCodec() Codec { return vtCodec{} }

// vtMessage is what protobuf-go-lite and vtprotobuf generate.
type vtMessage interface {
	SizeVT() int
	MarshalToSizedBufferVT(buffer []byte) (int, error)
	UnmarshalVT(data []byte) error
}

type vtCodec struct{}

func (vtCodec) Append(buffer []byte, message any) ([]byte, error) {
	encoded := message.(vtMessage)
	begin, size := len(buffer), encoded.SizeVT()
	if cap(buffer)-begin < size {
		larger := make([]byte, begin, grown(begin+size))
		copy(larger, buffer)
		buffer = larger
	}
	buffer = buffer[:begin+size]
	// The message is written from the end of the buffer it is given.
	_, err := encoded.MarshalToSizedBufferVT(buffer[begin:])
	return buffer, err
}

func (vtCodec) Unmarshal(data []byte, message any) error {
	return message.(vtMessage).UnmarshalVT(data)
}

func (vtCodec) Check(message any) error {
	if _, ok := message.(vtMessage); ok {
		return nil
	}
	return Error(Internal, "the message type has no SizeVT, MarshalToSizedBufferVT and UnmarshalVT, as protobuf-go-lite and "+
		"vtprotobuf generate them; give the service another Codec")
}
