package errdetails

import (
	"time"

	"wasm-grpc/guest/internal/wire"
)

// texts are where the texts of a message go, by the number of the field.
type texts map[int]*string

// read reads those; the last of each number holds, and fields that nobody knows are passed over.
func (t texts) read(data []byte) error {
	for field, err := range wire.Fields(data) {
		if err != nil {
			return err
		}
		if to := t[field.Number]; to != nil {
			if *to, err = field.Text(); err != nil {
				return err
			}
		}
	}
	return nil
}

// readEach reads the messages in field 1.
func readEach[Part any](data []byte, parts *[]Part, places func(part *Part) texts) error {
	*parts = nil
	for field, err := range wire.Fields(data) {
		if err != nil {
			return err
		}
		if field.Number != 1 || field.Bytes == nil {
			continue
		}
		var part Part
		if err := places(&part).read(field.Bytes); err != nil {
			return err
		}
		*parts = append(*parts, part)
	}
	return nil
}

// ReadDetail decodes the message.
func (e *ErrorInfo) ReadDetail(data []byte) error {
	*e = ErrorInfo{}
	for field, err := range wire.Fields(data) {
		if err != nil {
			return err
		}
		if field.Number != 3 {
			continue
		}
		var key, value string
		if err := (texts{1: &key, 2: &value}).read(field.Bytes); err != nil {
			return err
		}
		if e.Metadata == nil {
			e.Metadata = map[string]string{}
		}
		e.Metadata[key] = value
	}
	return texts{1: &e.Reason, 2: &e.Domain}.read(data)
}

// ReadDetail decodes the message. A time that is longer than a time.Duration is the longest there is.
func (r *RetryInfo) ReadDetail(data []byte) error {
	*r = RetryInfo{}
	for field, err := range wire.Fields(data) {
		if err != nil {
			return err
		}
		if field.Number != 1 {
			continue
		}
		var seconds, nanos int64
		for part, err := range wire.Fields(field.Bytes) {
			switch {
			case err != nil:
				return err
			case part.Number == 1:
				seconds = part.Value
			case part.Number == 2:
				nanos = part.Value
			}
		}
		const most = int64(1<<63-1) / int64(time.Second)
		seconds, nanos = min(max(seconds, -most), most), min(max(nanos, -999_999_999), 999_999_999)
		r.RetryDelay = time.Duration(seconds) * time.Second
		if whole := r.RetryDelay + time.Duration(nanos); (whole < r.RetryDelay) == (nanos < 0) {
			r.RetryDelay = whole
		}
	}
	return nil
}

// ReadDetail decodes the message.
func (d *DebugInfo) ReadDetail(data []byte) error {
	*d = DebugInfo{}
	for field, err := range wire.Fields(data) {
		if err != nil {
			return err
		}
		if field.Number == 1 {
			entry, err := field.Text()
			if err != nil {
				return err
			}
			d.StackEntries = append(d.StackEntries, entry)
		}
	}
	return texts{2: &d.Detail}.read(data)
}

// ReadDetail decodes the message.
func (q *QuotaFailure) ReadDetail(data []byte) error {
	return readEach(data, &q.Violations, func(one *QuotaViolation) texts {
		return texts{1: &one.Subject, 2: &one.Description}
	})
}

// ReadDetail decodes the message.
func (p *PreconditionFailure) ReadDetail(data []byte) error {
	return readEach(data, &p.Violations, func(one *PreconditionViolation) texts {
		return texts{1: &one.Type, 2: &one.Subject, 3: &one.Description}
	})
}

// ReadDetail decodes the message.
func (b *BadRequest) ReadDetail(data []byte) error {
	return readEach(data, &b.FieldViolations, func(one *FieldViolation) texts {
		return texts{1: &one.Field, 2: &one.Description, 3: &one.Reason}
	})
}

// ReadDetail decodes the message.
func (h *Help) ReadDetail(data []byte) error {
	return readEach(data, &h.Links, func(one *Link) texts {
		return texts{1: &one.Description, 2: &one.URL}
	})
}

// ReadDetail decodes the message.
func (r *RequestInfo) ReadDetail(data []byte) error {
	*r = RequestInfo{}
	return texts{1: &r.RequestID, 2: &r.ServingData}.read(data)
}

// ReadDetail decodes the message.
func (r *ResourceInfo) ReadDetail(data []byte) error {
	*r = ResourceInfo{}
	return texts{1: &r.ResourceType, 2: &r.ResourceName, 3: &r.Owner, 4: &r.Description}.read(data)
}

// ReadDetail decodes the message.
func (l *LocalizedMessage) ReadDetail(data []byte) error {
	*l = LocalizedMessage{}
	return texts{1: &l.Locale, 2: &l.Message}.read(data)
}
