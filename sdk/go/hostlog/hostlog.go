// Package hostlog writes the records of log/slog to the log of the host. It is apart from package guest because log/slog
// makes a module some 0.4 MB larger.
package hostlog

import (
	"bytes"
	"context"
	"log/slog"

	"wasm-grpc/guest"
)

// Handler writes each record as one line, "message key=value ...", with the level and without the time, which the host
// has. Make it by New.
type Handler struct {
	text slog.Handler
	line *bytes.Buffer // shared by a handler and those made from it; an instance has one thread
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
	return &Handler{slog.NewTextHandler(line, &slog.HandlerOptions{Level: level, ReplaceAttr: leave}), line}
}

// Enabled tells whether records of the level are written.
func (h *Handler) Enabled(ctx context.Context, level slog.Level) bool {
	return h.text.Enabled(ctx, level)
}

// Handle writes a record.
func (h *Handler) Handle(ctx context.Context, record slog.Record) error {
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
	return &Handler{h.text.WithAttrs(attributes), h.line}
}

// WithGroup is a handler whose records' attributes are in that group.
func (h *Handler) WithGroup(name string) slog.Handler {
	return &Handler{h.text.WithGroup(name), h.line}
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
