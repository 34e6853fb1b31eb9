package webservice

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"maps"
	"slices"
	"strings"

	"smartlink/contracts"
	"smartlink/internal/checkup"
	"smartlink/link"
)

// Check looks whether RM can be worked with: it logs in, reads from every data server, searches each kind of record
// for a marker that was never written, and learns how decimals are written. Only in the records that the
// configuration names as probes it changes something: a marker is written, found, and taken out again.
func (w *Writer) Check(ctx context.Context) []checkup.Finding {
	c := &check{Writer: w, ctx: ctx}
	if c.logIn() {
		c.masterData()
		for _, server := range slices.Sorted(maps.Keys(w.objects)) {
			o := w.objects[server]
			if c.search(o) && w.cfg.Probe[server] != "" {
				c.probe(o)
			}
		}
		c.culture()
	}
	return c.Findings
}

// check is one look.
type check struct {
	checkup.Report
	*Writer
	ctx context.Context
}

func (c *check) logIn() bool {
	what := link.Text{PT: "RM", EN: "RM"}
	h := c.host
	h.mu.Lock()
	session := h.session
	h.mu.Unlock()
	if err := h.logIn(c.ctx, session); err != nil {
		return c.Fail(what, err)
	}
	return c.Say(what, checkup.Good, link.Both("%[1]s aceita o usuário %[2]s", "%[1]s accepts the user %[2]s", hostOf(c.cfg.URL), c.cfg.User))
}

// never is a code that no master data have.
const never = "SL?"

// masterData reads a code that is not there from every data server.
func (c *check) masterData() {
	what := link.Text{PT: "Cadastros do RM", EN: "Master data of RM"}
	read, left := 0, []string{}
	for _, table := range slices.Sorted(maps.Keys(c.cfg.DataServers)) {
		code := never
		if masterTables[table].number {
			code = "-1"
		}
		rows, open, err := books{c.Writer}.masterRows(c.ctx, table, c.cfg.Company, code)
		switch {
		case err != nil:
			c.Fail(link.Both("Cadastro %[1]s (%[2]s)", "Master data %[1]s (%[2]s)", table, c.cfg.DataServers[table]), err)
			continue
		case open:
			left = append(left, table)
			continue
		case table == "GCOLIGADA" && len(rows) == 0:
			c.Say(link.Both("Coligada %[1]d", "Company %[1]d", c.cfg.Company), checkup.Bad, link.Both("o usuário %[1]s não a vê; dê-lhe acesso à coligada, ou corrija company",
				"the user %[1]s does not see it; let the user into the company, or correct company", c.cfg.User))
		case table != "GCOLIGADA" && len(rows) > 0:
			c.Say(link.Both("Cadastro %[1]s (%[2]s)", "Master data %[1]s (%[2]s)", table, c.cfg.DataServers[table]), checkup.Bad,
				link.Both("responde linhas a um código que não existe: o filtro não é respeitado", "answers rows for a code that does not exist: the filter is not respected"))
		}
		read++
	}
	detail := link.Both("%[1]d tabelas lidas", "%[1]d tables read", read)
	if len(left) > 0 {
		names := strings.Join(left, ", ")
		detail.PT, detail.EN = detail.PT+"; deixadas ao RM: "+names, detail.EN+"; left to RM: "+names
	}
	if read > 0 {
		c.Say(what, checkup.Good, detail)
	}
}

// newMarker draws a marker that nothing bears.
func newMarker() string {
	var b [markerSize / 2]byte
	_, _ = rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}

func (o *object) what() link.Text {
	return link.Text{PT: o.table.PT + " (" + o.server + ")", EN: o.table.EN + " (" + o.server + ")"}
}

// place is where an object keeps its markers.
func (o *object) place() link.Text {
	if o.marker.AtEnd {
		return link.Both("marcador no fim de %[1]s", "marker at the end of %[1]s", o.marker.Field)
	}
	return link.Both("marcador em %[1]s", "marker in %[1]s", o.marker.Field)
}

// search looks for a marker that nothing bears.
func (c *check) search(o *object) bool {
	keys, err := c.keysOf(c.ctx, o, c.cfg.Company, o.byMarker(newMarker()))
	switch {
	case err != nil:
		return c.Fail(o.what(), err)
	case len(keys) > 0:
		return c.Say(o.what(), checkup.Bad, link.Both("a busca por um marcador que não existe achou %[1]s: o filtro não é respeitado", "the search for a marker that does not exist found %[1]s: the filter is not respected", joined(keys[0])))
	}
	if c.cfg.Probe[o.server] != "" {
		return true // more is said below
	}
	place := o.place()
	return c.Say(o.what(), checkup.Good, link.Text{PT: "a busca responde; " + place.PT + ", não experimentado (probe)", EN: "the search answers; " + place.EN + ", not tried out (probe)"})
}

// probe writes a marker into the record of the configuration, finds it, and puts things back.
func (c *check) probe(o *object) {
	key, _ := o.parseKey(c.cfg.Probe[o.server]) // was checked
	if err := c.tryOut(o, key); err != nil {
		c.Fail(o.what(), err)
		return
	}
	place := o.place()
	c.Say(o.what(), checkup.Good, link.Text{PT: place.PT + ": gravado, achado e retirado em " + joined(key), EN: place.EN + ": written, found and taken out in " + joined(key)})
}

func (c *check) tryOut(o *object, key []int64) error {
	before, err := c.readRecord(c.ctx, o, key)
	if err != nil {
		return err
	}
	if before == nil {
		return said("probe: %[1]s não existe", "probe: %[1]s is not there", joined(key))
	}
	marked := before.Copy()
	o.strip(marked)
	if fault, ok := o.room(marked, marked); !ok {
		return said("probe: %[1]s", "probe: %[2]s", fault.Description, fault.DescriptionEn)
	}
	marker := newMarker()
	o.put(marked, marker)
	if err := c.write(o, marked, before); err != nil {
		if text, refused := errors.AsType[refusal](err); refused {
			return said("o RM recusou: %[1]s", "RM refused: %[1]s", sentence(string(text)))
		}
		return err
	}
	wrong := c.compare(o, key, marker, before)
	if err := c.write(o, before, marked); err != nil {
		return said("%[1]s de %[2]s %[3]s ficou com o marcador %[4]s, e não pôde voltar a %[5]q: %[6]v", "%[1]s of %[2]s %[3]s holds the marker %[4]s, and could not be put back to %[5]q: %[6]v",
			o.marker.Field, o.server, joined(key), marker, before.Text(o.column(o.marker.Field).Name), err)
	}
	return wrong
}

// compare looks for the marker, and that nothing but its field is another.
func (c *check) compare(o *object, key []int64, marker string, before *contracts.Record) error {
	keys, err := c.keysOf(c.ctx, o, key[0], o.byMarker(marker))
	if err != nil {
		return err
	}
	if len(keys) != 1 || !slices.Equal(keys[0], key) {
		return said("o marcador gravado em %[1]s foi achado em %[2]v", "the marker that was written into %[1]s was found in %[2]v", joined(key), keys)
	}
	now, err := c.readRecord(c.ctx, o, key)
	if err != nil {
		return err
	}
	if now == nil {
		return said("%[1]s não existe mais depois de gravado", "%[1]s is gone after it was written", joined(key))
	}
	if column, want, have, ok := (&change{o: o, record: before}).arrived(now); !ok {
		return said("%[1]s de %[2]s era %[3]s e ficou %[4]s depois de uma gravação que não o citava", "%[1]s of %[2]s was %[3]s and is %[4]s after a save that did not name it", column, joined(key), want, have)
	}
	return nil
}

// write saves the field of the marker as a record has it.
func (c *check) write(o *object, r, found *contracts.Record) error {
	if o.root == "" {
		_, err := c.saveEntry(c.ctx, o, r, found, nil)
		return err
	}
	_, err := c.saveData(c.ctx, newChange(o, r, found), "", nil)
	return err
}

// culture says how decimals are written, and whether that is known.
func (c *check) culture() {
	what := link.Text{PT: "Forma dos valores", EN: "Form of amounts"}
	if err := c.learnFromProbe(c.ctx); err != nil {
		c.Fail(what, err)
		return
	}
	culture, err := c.amounts.toSave()
	if err != nil {
		c.Fail(what, err)
		return
	}
	c.Say(what, checkup.Good, link.Text{PT: string(culture) + ", " + culture.write(contracts.Decimal{Units: 12507500, Places: 4}), EN: string(culture) + ", " + culture.write(contracts.Decimal{Units: 12507500, Places: 4})})
}
