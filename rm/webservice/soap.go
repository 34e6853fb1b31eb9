package webservice

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// Names of RM's SOAP services.
const (
	totvsSpace = "http://www.totvs.com/"
	soapSpace  = "http://schemas.xmlsoap.org/soap/envelope/"
	dataPath   = "/wsDataServer/IwsDataServer"
	dataAction = totvsSpace + "IwsDataServer/"
	logInPath  = dataPath
	logIn      = totvsSpace + "IwsBase/AutenticaAcesso"
)

// maxAnswer bounds what RM may answer to one call, in bytes: a record with as many rows as a command may have.
const maxAnswer = 4 << 20

// param is an element of a call.
type param struct{ name, value string }

// envelope writes a SOAP 1.1 call.
func envelope(name string, params ...param) []byte {
	var b bytes.Buffer
	b.WriteString(`<?xml version="1.0" encoding="utf-8"?><soap:Envelope xmlns:soap="` + soapSpace + `"><soap:Body><` + name + ` xmlns="` + totvsSpace + `">`)
	for _, p := range params {
		b.WriteString("<" + p.name + ">")
		_ = xml.EscapeText(&b, []byte(p.value)) // a buffer takes everything
		b.WriteString("</" + p.name + ">")
	}
	b.WriteString("</" + name + "></soap:Body></soap:Envelope>")
	return b.Bytes()
}

// soapFault is RM's no to a call, for a technical reason as far as anybody can tell.
type soapFault string

func (f soapFault) Error() string { return "RM: " + string(f) }

// saysSession tells whether RM says that it knows no session of ours, or no more.
func saysSession(text string) bool {
	text = strings.ToLower(text)
	return (strings.Contains(text, "sessão") || strings.Contains(text, "sessao")) &&
		(strings.Contains(text, "expir") || strings.Contains(text, "inválida") || strings.Contains(text, "invalida"))
}

// decodeAnswer reads the result of a call out of an envelope; a fault is a soapFault. What is neither is
// another error.
func decodeAnswer(name string, body []byte) (string, error) {
	if len(body) > maxAnswer {
		return "", fmt.Errorf("RM's answer is longer than %d bytes", maxAnswer)
	}
	var e struct {
		XMLName xml.Name
		Body    struct {
			Fault *struct {
				Text string `xml:"faultstring"`
			} `xml:"http://schemas.xmlsoap.org/soap/envelope/ Fault"`
			Answers []struct {
				XMLName xml.Name
				Results []struct {
					XMLName xml.Name
					Text    string `xml:",chardata"`
				} `xml:",any"`
			} `xml:",any"`
		} `xml:"http://schemas.xmlsoap.org/soap/envelope/ Body"`
	}
	if err := unmarshal(body, &e); err != nil {
		return "", fmt.Errorf("RM's answer is no envelope: %w", err)
	}
	if e.XMLName != (xml.Name{Space: soapSpace, Local: "Envelope"}) {
		return "", fmt.Errorf("RM's answer is a %s, not an envelope", e.XMLName.Local)
	}
	if f := e.Body.Fault; f != nil {
		return "", soapFault(strings.TrimSpace(f.Text))
	}
	for _, a := range e.Body.Answers {
		if a.XMLName.Local != name+"Response" {
			continue
		}
		for _, r := range a.Results {
			if r.XMLName.Local == name+"Result" {
				return r.Text, nil
			}
		}
		if len(a.Results) == 0 {
			return "", nil // .NET leaves out what is null
		}
	}
	return "", fmt.Errorf("RM's answer holds no %sResult", name)
}

// unmarshal reads one document and nothing behind it.
func unmarshal(body []byte, into any) error {
	d := xml.NewDecoder(bytes.NewReader(body))
	if err := d.Decode(into); err != nil {
		return err
	}
	for {
		switch t, err := d.Token(); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		default:
			if text, ok := t.(xml.CharData); ok && len(bytes.TrimSpace(text)) == 0 {
				continue
			}
			if _, ok := t.(xml.Comment); !ok {
				return errors.New("something stands behind the document")
			}
		}
	}
}

func soapHeader(action string) http.Header {
	return http.Header{"Content-Type": {"text/xml; charset=utf-8"}, "Soapaction": {`"` + action + `"`}, "Accept": {"text/xml"}}
}
