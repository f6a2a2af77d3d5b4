// Renders the templates of a chart as helm does, by the same text/template and the functions of helm that the chart uses.
// For machines without helm, which takes minutes to build. Values come merged, as JSON, on standard input:
// {"Values": ..., "Chart": ..., "Release": ...}; what is rendered goes to standard output.
//
// Usage: render_chart FOLDER
package main

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"text/template"
)

type files string

// Get is the content of a file of the chart, empty where it is not there.
func (f files) Get(name string) string {
	content, _ := os.ReadFile(filepath.Join(string(f), name))
	return string(content)
}

func indent(width int, text string) string {
	pad := strings.Repeat(" ", width)
	return pad + strings.ReplaceAll(text, "\n", "\n"+pad)
}

func isEmpty(value any) bool {
	v := reflect.ValueOf(value)
	if !v.IsValid() {
		return true
	}
	switch v.Kind() {
	case reflect.Map, reflect.Slice, reflect.String:
		return v.Len() == 0
	default:
		return v.IsZero()
	}
}

func whole(value any) int64 {
	switch number := value.(type) {
	case float64:
		return int64(number)
	case int:
		return int64(number)
	case int64:
		return number
	}
	return 0
}

// yaml is a value in lines of YAML, as helm has it; scalars are JSON, which YAML is too.
func yaml(value any) string {
	var lines []string
	switch items := value.(type) {
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(items)) {
			if isEmpty(items[key]) || !isNested(items[key]) {
				lines = append(lines, key+": "+yaml(items[key]))
			} else {
				lines = append(lines, key+":\n"+indent(2, yaml(items[key])))
			}
		}
	case []any:
		for _, item := range items {
			lines = append(lines, "- "+strings.TrimPrefix(indent(2, yaml(item)), "  "))
		}
	}
	if len(lines) > 0 {
		return strings.Join(lines, "\n")
	}
	out, _ := json.Marshal(value)
	return string(out)
}

func isNested(value any) bool {
	kind := reflect.ValueOf(value).Kind()
	return kind == reflect.Map || kind == reflect.Slice
}

func functions(root *template.Template) template.FuncMap {
	return template.FuncMap{
		"include": func(name string, data any) (string, error) {
			var out strings.Builder
			err := root.ExecuteTemplate(&out, name, data)
			return out.String(), err
		},
		"nindent": func(width int, text string) string { return "\n" + indent(width, text) },
		"indent":  indent,
		"toYaml":  yaml,
		"default": func(other, value any) any {
			if isEmpty(value) {
				return other
			}
			return value
		},
		"required": func(message string, value any) (any, error) {
			if value == nil || value == "" {
				return nil, errors.New(message)
			}
			return value, nil
		},
		"trunc": func(length int, text string) string { return text[:min(length, len(text))] },
		"ternary": func(yes, no any, which bool) any {
			if which {
				return yes
			}
			return no
		},
		"add": func(numbers ...any) (sum int64) {
			for _, number := range numbers {
				sum += whole(number)
			}
			return
		},
		"int":        whole,
		"quote":      func(value any) string { return fmt.Sprintf("%q", fmt.Sprint(value)) },
		"trim":       strings.TrimSpace,
		"trimSuffix": func(suffix, text string) string { return strings.TrimSuffix(text, suffix) },
		"trimPrefix": func(prefix, text string) string { return strings.TrimPrefix(text, prefix) },
		"contains":   func(part, text string) bool { return strings.Contains(text, part) },
		"sha256sum":  func(text string) string { return fmt.Sprintf("%x", sha256.Sum256([]byte(text))) },
		"list":       func(items ...any) []any { return items },
	}
}

func run(folder string) error {
	var data map[string]any
	if err := json.NewDecoder(os.Stdin).Decode(&data); err != nil {
		return err
	}
	data["Files"] = files(folder)
	root := template.New("chart").Option("missingkey=zero")
	root.Funcs(functions(root))
	names, err := filepath.Glob(filepath.Join(folder, "templates", "*"))
	if err != nil {
		return err
	}
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		if _, err := root.New(filepath.Base(name)).Parse(string(text)); err != nil {
			return err
		}
	}
	for _, name := range names {
		if filepath.Ext(name) != ".yaml" {
			continue
		}
		fmt.Println("---")
		if err := root.ExecuteTemplate(os.Stdout, filepath.Base(name), data); err != nil {
			return err
		}
	}
	return nil
}

func main() {
	if err := run(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
