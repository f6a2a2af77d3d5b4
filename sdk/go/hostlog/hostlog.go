// Package hostlog writes the records of log/slog to the log of the host. It is apart from package guest because log/slog
// makes a module some 0.4 MB larger.
package hostlog

import (
	"bytes"
	"context"
	"encoding"
	"fmt"
	"log/slog"

	"wasm-grpc/guest"
)

// Handler writes each record as one line, "message key=value ...", with the level and without the time, which the host
// has. Make it by New.
//
// A record whose context is a *guest.Context, or derived from one, is written by its Log: with the call's method and its
// client's address, and attributes that the host knows for such. So capital letters of their keys become small ones.
type Handler struct {
	text   slog.Handler
	line   *bytes.Buffer // shared by a handler and those made from it; an instance has one thread
	group  string        // before the keys of what follows: "outer.inner."
	fields []any         // of WithAttrs, as guest.Context.Log takes them
}

var _ slog.Handler = (*Handler)(nil)

// New is a handler for records of that level and above: slog.SetDefault(slog.New(hostlog.New(slog.LevelInfo))).
func New(level slog.Leveler) *Handler {
	line := new(bytes.Buffer)
	leave := func(groups []string, attribute slog.Attr) slog.Attr {
		if len(groups) == 0 && (attribute.Key == slog.TimeKey || attribute.Key == slog.LevelKey || attribute.Key == slog.MessageKey) {
			return slog.Attr{}
		}
		return attribute
	}
	return &Handler{text: slog.NewTextHandler(line, &slog.HandlerOptions{Level: level, ReplaceAttr: leave}), line: line}
}

// Enabled tells whether records of the level are written.
func (h *Handler) Enabled(ctx context.Context, level slog.Level) bool {
	return h.text.Enabled(ctx, level)
}

// Handle writes a record.
func (h *Handler) Handle(ctx context.Context, record slog.Record) error {
	if call, ok := guest.FromContext(ctx); ok {
		fields := h.fields[:len(h.fields):len(h.fields)]
		record.Attrs(func(attribute slog.Attr) bool {
			fields = appendFields(fields, h.group, attribute)
			return true
		})
		call.Log(level(record.Level), record.Message, fields...)
		return nil
	}
	h.line.Reset()
	if err := h.text.Handle(ctx, record); err != nil {
		return err
	}
	text := record.Message
	if attributes := bytes.TrimSpace(h.line.Bytes()); len(attributes) > 0 {
		text += " " + string(attributes)
	}
	guest.Log(level(record.Level), text)
	return nil
}

// WithAttrs is a handler whose records have these attributes too.
func (h *Handler) WithAttrs(attributes []slog.Attr) slog.Handler {
	fields := h.fields[:len(h.fields):len(h.fields)]
	for _, attribute := range attributes {
		fields = appendFields(fields, h.group, attribute)
	}
	return &Handler{h.text.WithAttrs(attributes), h.line, h.group, fields}
}

// WithGroup is a handler whose records' attributes are in that group.
func (h *Handler) WithGroup(name string) slog.Handler {
	group := h.group
	if name != "" {
		group += name + "."
	}
	return &Handler{h.text.WithGroup(name), h.line, group, h.fields}
}

// appendFields appends the keys and values of an attribute, which may be a group.
func appendFields(fields []any, group string, attribute slog.Attr) []any {
	value := attribute.Value.Resolve()
	switch {
	case value.Kind() == slog.KindGroup:
		if attribute.Key != "" {
			group += attribute.Key + "."
		}
		for _, member := range value.Group() {
			fields = appendFields(fields, group, member)
		}
		return fields
	case attribute.Equal(slog.Attr{}):
		return fields
	}
	return append(fields, group+attribute.Key, textOf(value))
}

// textOf is a value as slog.TextHandler writes it, but for quotation marks.
func textOf(value slog.Value) string {
	switch value.Kind() {
	case slog.KindTime:
		return value.Time().Format("2006-01-02T15:04:05.000Z07:00")
	case slog.KindAny:
		switch value := value.Any().(type) {
		case encoding.TextMarshaler:
			if text, err := value.MarshalText(); err == nil {
				return string(text)
			}
		case []byte:
			return string(value)
		}
		return fmt.Sprintf("%+v", value.Any())
	}
	return value.String()
}

func level(level slog.Level) guest.Level {
	switch {
	case level < slog.LevelDebug:
		return guest.LevelTrace
	case level < slog.LevelInfo:
		return guest.LevelDebug
	case level < slog.LevelWarn:
		return guest.LevelInfo
	case level < slog.LevelError:
		return guest.LevelWarn
	}
	return guest.LevelError
}
