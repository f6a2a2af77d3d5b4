//go:build !wasm

package abi

// Functions is what a host offers, with slices for pointers and lengths.
type Functions interface {
	Method(path string, kind, style, tag int32) int32
	Placement(where int32, key string) int32
	Timer(call int32, timeout int64) int32
	Alarm(timeout int64) int32
	Ending(wanted int32) int32
	Descriptors(set []byte) int32
	HealthSet(service string, serving int32) int32
	Recv(call int32, buffer []byte) int32
	Send(call int32, message []byte) int32
	Compress(call, on int32) int32
	Wait(call, interests int32, timeout int64) int32
	WaitFD(call, interests int32) int32
	Finish(call, code int32, message string) int32
	MetadataGet(call int32, key string, index int32, value []byte) int32
	MetadataList(call int32, buffer []byte) int32
	MetadataAdd(call, where int32, key, value string) int32
	HeadersSend(call int32) int32
	HTTPStatus(call, status int32) int32
	Info(call, what int32, buffer []byte) int32
	Deadline(call int32) int64
	Log(level int32, text string)
	LogCall(call, level int32, text string, pairs []byte) int32
	ClientFunctions
}

// Host is what the functions below call; set before anything of package guest runs.
var Host Functions

func Method(path string, kind, style, tag int32) int32 { return Host.Method(path, kind, style, tag) }
func Descriptors(set []byte) int32                     { return Host.Descriptors(set) }
func HealthSet(service string, serving int32) int32    { return Host.HealthSet(service, serving) }
func Recv(call int32, buffer []byte) int32             { return Host.Recv(call, buffer) }
func Send(call int32, message []byte) int32            { return Host.Send(call, message) }
func Compress(call, on int32) int32                    { return Host.Compress(call, on) }
func Finish(call, code int32, message string) int32    { return Host.Finish(call, code, message) }
func MetadataList(call int32, buffer []byte) int32     { return Host.MetadataList(call, buffer) }
func HeadersSend(call int32) int32                     { return Host.HeadersSend(call) }
func HTTPStatus(call, status int32) int32              { return Host.HTTPStatus(call, status) }
func Info(call, what int32, buffer []byte) int32       { return Host.Info(call, what, buffer) }
func Deadline(call int32) int64                        { return Host.Deadline(call) }
func Log(level int32, text string)                     { Host.Log(level, text) }

func Placement(where int32, key string) int32 { return Host.Placement(where, key) }
func Timer(call int32, timeout int64) int32   { return Host.Timer(call, timeout) }
func Alarm(timeout int64) int32               { return Host.Alarm(timeout) }
func Ending(wanted int32) int32               { return Host.Ending(wanted) }

func Wait(call, interests int32, timeout int64) int32 { return Host.Wait(call, interests, timeout) }

func MetadataGet(call int32, key string, index int32, value []byte) int32 {
	return Host.MetadataGet(call, key, index, value)
}

func MetadataAdd(call, where int32, key, value string) int32 {
	return Host.MetadataAdd(call, where, key, value)
}

func LogCall(call, level int32, text string, pairs []byte) int32 {
	return Host.LogCall(call, level, text, pairs)
}
