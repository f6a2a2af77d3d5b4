//go:build !tinygo

package guest

import (
	"reflect"
	"strconv"
	"strings"
)

// textOf is a value as a line of the log has it.
func textOf(value any) string {
	if text, ok := value.(string); ok {
		return text
	}
	of := reflect.ValueOf(value)
	if !of.IsValid() || of.Kind() == reflect.Pointer && of.IsNil() {
		return "<nil>"
	}
	switch value := value.(type) {
	case error:
		return value.Error()
	case interface{ String() string }:
		return value.String()
	}
	switch {
	case of.CanInt():
		return strconv.FormatInt(of.Int(), 10)
	case of.CanUint():
		return strconv.FormatUint(of.Uint(), 10)
	case of.CanFloat():
		return strconv.FormatFloat(of.Float(), 'g', -1, of.Type().Bits())
	case of.Kind() == reflect.Bool:
		return strconv.FormatBool(of.Bool())
	case of.Kind() == reflect.String:
		return of.String()
	}
	return of.Type().String()
}

// nameOf is the name of a message's type, such as "helloworld.HelloRequest".
func nameOf(message any) string { return strings.TrimPrefix(reflect.TypeOf(message).String(), "*") }
