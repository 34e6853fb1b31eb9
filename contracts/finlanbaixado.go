package contracts

import (
	"encoding/json"
	"fmt"
)

// FinLanBaixadoType is the type of the event that a financial entry was settled in RM. It is no answer to a
// command: code at the ERP sends it (see docs/en/upstream.md).
const FinLanBaixadoType = "FinLanBaixadoEvent"

// FinLanBaixado tells that a financial entry was settled, wholly or in part.
type FinLanBaixado struct {
	CodColigada     int64
	IdLan           int64
	NumeroDocumento string
	StatusLan       int64 // after the settlement: EntrySettled, or another of the states that are
	DataBaixa       Date
	ValorOriginal   Decimal
	ValorBaixado    Decimal // in all, this settlement included
}

// Body is the event's body.
func (e FinLanBaixado) Body() []byte {
	b, err := json.Marshal(map[string]any{
		"header": map[string]any{"type": FinLanBaixadoType},
		"data": map[string]any{
			"CodColigada": e.CodColigada, "IdLan": e.IdLan, "NumeroDocumento": e.NumeroDocumento, "StatusLan": e.StatusLan,
			"DataBaixa": e.DataBaixa, "ValorOriginal": e.ValorOriginal.String(), "ValorBaixado": e.ValorBaixado.String(),
		},
	})
	if err != nil {
		panic(fmt.Sprintf("contracts: %s: %v", FinLanBaixadoType, err)) // made of texts and numbers only
	}
	return b
}

// Events are the JSON Schemas of the events that RM sends, by their types.
var Events = map[string][]byte{FinLanBaixadoType: []byte(finLanBaixadoSchema)}

const finLanBaixadoSchema = `{
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "$id": "urn:smartlink:event:FinLanBaixadoEvent",
  "title": "FinLanBaixadoEvent",
  "description": "A financial entry (FLAN) was settled in RM, wholly or in part. Um lançamento financeiro foi baixado no RM, no todo ou em parte.",
  "type": "object",
  "required": ["data"],
  "properties": {
    "data": {
      "type": "object",
      "required": ["CodColigada", "IdLan", "DataBaixa", "ValorBaixado"],
      "properties": {
        "CodColigada": {"type": "integer", "minimum": 1, "description": "company"},
        "IdLan": {"type": "integer", "minimum": 1, "description": "the entry"},
        "NumeroDocumento": {"type": "string", "maxLength": 40, "description": "number of its document"},
        "StatusLan": {"enum": [1, 3, 4], "description": "1 settled, 3 settled by agreement, 4 settled in part"},
        "DataBaixa": {"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$", "description": "day of the settlement"},
        "ValorOriginal": {"$ref": "#/$defs/money", "description": "face value"},
        "ValorBaixado": {"$ref": "#/$defs/money", "description": "settled so far, this settlement included"}
      }
    }
  },
  "$defs": {"money": {"type": "string", "pattern": "^[0-9]{1,15}([.][0-9]{1,4})?$"}}
}
`
