package console

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"smartlink/agent/activation"
	"smartlink/agent/inbox"
	"smartlink/agent/window"
	"smartlink/link"
)

// typeLine is a type with its options.
type typeLine struct {
	Type string
	inbox.TypeOptions
}

// types are those of the active apps, and those with options of their own.
func (c *Console) types(v *visit, state *activation.State) ([]typeLine, error) {
	_, rules, err := c.rules(v)
	if link.CodeOf(err) == link.CodeNotFound { // the agent has not started yet
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	names := slices.Sorted(maps.Keys(rules.Types))
	names = append(names, state.Types()...)
	slices.Sort(names)
	var list []typeLine
	for _, name := range slices.Compact(names) {
		list = append(list, typeLine{name, rules.Types[name]})
	}
	return list, nil
}

// typePage is what typeoptions.html shows.
type typePage struct {
	Type    string
	Fields  []option
	Windows []window.Window // that close the type
	inbox.TypeOptions
}

// typeFields are the options of a type as the form has them.
func typeFields(o *inbox.TypeOptions) []struct {
	name string
	into *int
} {
	return []struct {
		name string
		into *int
	}{
		{"hold_next", &o.HoldNext}, {"minutes_interval", &o.MinutesInterval}, {"fator_tempo_execucao", &o.FatorTempoExecucao},
		{"qtde_tentativas_exec", &o.QtdeTentativasExec},
	}
}

func (c *Console) typeOptions(v *visit) error {
	name := v.r.PathValue("type")
	if !link.ValidType(name) {
		return link.NewError(link.CodeTypeInvalid, "type", name)
	}
	_, rules, err := c.rules(v)
	if err != nil {
		return err
	}
	p := typePage{Type: name, Windows: window.Of(rules.Windows, name), TypeOptions: rules.Types[name]}
	for _, f := range typeFields(&p.TypeOptions) {
		p.Fields = append(p.Fields, option{Name: f.name, Value: *f.into})
	}
	return v.show(http.StatusOK, "typeoptions", "options.title", "activation", p)
}

func (c *Console) setTypeOptions(v *visit) error {
	return c.onDesk(v, "/options", func(d inbox.Desk, form url.Values) error {
		o := inbox.TypeOptions{NoAnswers: form.Get("answers") != "on"}
		for _, f := range typeFields(&o) {
			if err := number(form, f.name, f.into); err != nil {
				return err
			}
		}
		return d.SetType(v.r.Context(), v.r.PathValue("type"), o)
	})
}

// number reads a whole number of a form; blank leaves it as it is.
func number(form url.Values, name string, into *int) (err error) {
	text := strings.TrimSpace(form.Get(name))
	if text == "" {
		return nil
	}
	if *into, err = strconv.Atoi(text); err != nil {
		return link.NewError(link.CodeRequestInvalid).Because(err).At(name, link.CodeRequestInvalid, link.Both("não é um número inteiro", "is no whole number"))
	}
	return nil
}
