package rmhost

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// Names of RM's web services.
const (
	soapSpace  = "http://schemas.xmlsoap.org/soap/envelope/"
	totvsSpace = "http://www.totvs.com/"
	dataAction = totvsSpace + "IwsDataServer/"
	baseAction = totvsSpace + "IwsBase/"
	dataPath   = "/wsDataServer/IwsDataServer"
)

// request is the body of a call, whichever it is.
type request struct {
	XMLName        xml.Name
	DataServerName string `xml:"http://www.totvs.com/ DataServerName"`
	XML            string `xml:"http://www.totvs.com/ XML"`
	PrimaryKey     string `xml:"http://www.totvs.com/ PrimaryKey"`
	Filtro         string `xml:"http://www.totvs.com/ Filtro"`
	Contexto       string `xml:"http://www.totvs.com/ Contexto"`
}

type envelope struct {
	XMLName xml.Name `xml:"http://schemas.xmlsoap.org/soap/envelope/ Envelope"`
	Body    struct {
		SaveRecord *request `xml:"http://www.totvs.com/ SaveRecord"`
		ReadRecord *request `xml:"http://www.totvs.com/ ReadRecord"`
		ReadView   *request `xml:"http://www.totvs.com/ ReadView"`
	} `xml:"http://schemas.xmlsoap.org/soap/envelope/ Body"`
}

// understandSOAP finds the data server's call of a request.
func (h *Host) understandSOAP(r *http.Request, body []byte) (*call, answer) {
	switch {
	case r.URL.Path != dataPath:
		return nil, answer{http.StatusNotFound, "text/plain; charset=utf-8", []byte("Not Found"), "no such address"}
	case r.Method != http.MethodPost || !strings.HasPrefix(r.Header.Get("Content-Type"), "text/xml"):
		return nil, answer{http.StatusUnsupportedMediaType, "text/plain; charset=utf-8", []byte("POST text/xml"), "no SOAP"}
	}
	var e envelope
	if err := xml.Unmarshal(body, &e); err != nil {
		return nil, fault("A mensagem não é um envelope SOAP: " + err.Error())
	}
	name, found := strings.CutPrefix(strings.Trim(r.Header.Get("SOAPAction"), `"`), dataAction)
	q := map[string]*request{"SaveRecord": e.Body.SaveRecord, "ReadRecord": e.Body.ReadRecord, "ReadView": e.Body.ReadView}[name]
	if !found || q == nil {
		return nil, fault(fmt.Sprintf("A mensagem não pode ser processada: SOAPAction %q e corpo não combinam.", r.Header.Get("SOAPAction")))
	}
	for field, value := range map[string]string{"DataServerName": q.DataServerName, "Contexto": q.Contexto} {
		if value == "" {
			return nil, fault("O parâmetro " + field + " não foi informado.")
		}
	}
	c, err := readContext(q.Contexto)
	if err != nil {
		return nil, fault(err.Error())
	}
	return &call{
		name:    name + " " + q.DataServerName,
		save:    name == "SaveRecord",
		refused: func(_ int, text string) answer { return fault(text) },
		do: func(ctx context.Context) answer {
			var result string
			err := h.inTx(ctx, func(b *books) (err error) {
				switch name {
				case "SaveRecord":
					result, err = b.saveRecord(ctx, q.DataServerName, q.XML, c)
				case "ReadRecord":
					result, err = b.readRecord(ctx, q.DataServerName, q.PrimaryKey)
				default:
					result, err = b.readView(ctx, q.DataServerName, q.Filtro)
				}
				return err
			})
			if text, ok := errors.AsType[refusal](err); ok && name == "SaveRecord" {
				result = string(text) // in place of the key
			} else if err != nil {
				return fault(err.Error())
			}
			a := soapAnswer(name, result)
			if a.what = name; name == "SaveRecord" {
				a.what = result
			}
			return a
		},
	}, answer{}
}

// callContext is who calls, for which company.
type callContext struct{ user string }

// readContext reads "CODSISTEMA=F;CODCOLIGADA=1;CODUSUARIO=smartlink"; all three are wanted.
func readContext(text string) (callContext, error) {
	given := map[string]string{}
	for part := range strings.SplitSeq(text, ";") {
		name, value, _ := strings.Cut(part, "=")
		given[strings.ToUpper(strings.TrimSpace(name))] = strings.TrimSpace(value)
	}
	for _, name := range []string{"CODSISTEMA", "CODCOLIGADA", "CODUSUARIO"} {
		if given[name] == "" {
			return callContext{}, says("O contexto não informa %s.", name)
		}
	}
	return callContext{given["CODUSUARIO"]}, nil
}

// soapAnswer is what a call answers that was done.
func soapAnswer(name, result string) answer {
	var b bytes.Buffer
	b.WriteString(`<s:Envelope xmlns:s="` + soapSpace + `"><s:Body><` + name + `Response xmlns="` + totvsSpace + `"><` + name + `Result>`)
	_ = xml.EscapeText(&b, []byte(result)) // a buffer takes everything
	b.WriteString(`</` + name + `Result></` + name + `Response></s:Body></s:Envelope>`)
	return answer{http.StatusOK, "text/xml; charset=utf-8", b.Bytes(), result}
}

// fault is a call that failed.
func fault(text string) answer {
	var b bytes.Buffer
	b.WriteString(`<s:Envelope xmlns:s="` + soapSpace + `"><s:Body><s:Fault><faultcode>s:Client</faultcode><faultstring xml:lang="pt-BR">`)
	_ = xml.EscapeText(&b, []byte(text))
	b.WriteString(`</faultstring></s:Fault></s:Body></s:Envelope>`)
	return answer{http.StatusInternalServerError, "text/xml; charset=utf-8", b.Bytes(), text}
}
