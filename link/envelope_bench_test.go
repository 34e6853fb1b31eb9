package link_test

import (
	"testing"

	"smartlink/link"
)

// BenchmarkReadEnvelope is what every send pays for its body.
func BenchmarkReadEnvelope(b *testing.B) {
	body := []byte(`{"header":{"type":"FinLanIncDataCommand","tenantId":"b991502e-6faa-4e3a-aaf4-967c4fe2a196","businessKey":"contract 42/instalment 3"},
		"data":{"CodColigada":1,"IdLan":-1,"UsuarioInclusao":"mestre","CodUsuario":"mestre","PagRec":"2","CodFilial":1,"CodTdo":"EMPR","NumeroDocumento":"CT-0042/03",
		"SerieDocumento":"@@@","Parcela":3,"CodColCfo":1,"CodCfo":"F00017","DataEmissao":"2026-03-02T00:00:00","DataVencimento":"2026-04-01T00:00:00",
		"ValorOriginal":11250.75,"CodMoeValorOriginal":"R$","CodColCxa":1,"CodCxa":"001","CodCCusto":"01.002","CodDepartamento":"FIN",
		"Rateios":[{"IdRatCCu":-1,"CodCCusto":"01.002","CodColNatFinanceira":1,"CodNatFinanceira":"02.02","Valor":10000.00,"Percentual":88.8829},
		{"IdRatCCu":-1,"CodCCusto":"01.002","CodColNatFinanceira":1,"CodNatFinanceira":"02.01","Valor":1250.75,"Percentual":11.1171}],"Complementos":{"Contrato":"42"}}}`)
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		if e, err := link.ReadEnvelope("application/json", body); err != nil || e.BusinessKey == "" {
			b.Fatal(e, err)
		}
	}
}
