package search

import (
	"smartlink/contracts"
)

// builtIn are the search paths that the commands come with: what a support analyst has in hand when
// somebody asks for an entry.
var builtIn = map[string]Paths{
	contracts.FinLanInc.Type: must("/data/NumeroDocumento", "/data/CodCfo", "/data/SegundoNumero"),
	contracts.FinLanAlt.Type: must("/data/IdLan", "/data/NumeroDocumento", "/data/CodCfo"),
	contracts.FinXCXInc.Type: must("/data/NumeroDocumento", "/data/CodCxa"),
	contracts.FinXCXAlt.Type: must("/data/IdXcx", "/data/NumeroDocumento", "/data/CodCxa"),
	contracts.CtbLanInc.Type: must("/data/CodLote", "/data/Partidas/0/Documento"),
	contracts.CtbLanAlt.Type: must("/data/IdLancamento", "/data/CodLote", "/data/Partidas/0/Documento"),
}

// Of answers the built-in paths of a type; none when it has none.
func Of(messageType string) Paths { return builtIn[messageType] }

// Types lists the types with built-in paths, in the order of the commands.
func Types() []string {
	types := make([]string, 0, len(builtIn))
	for _, c := range contracts.Commands {
		if builtIn[c.Type] != nil {
			types = append(types, c.Type)
		}
	}
	return types
}

// must reads paths of ours; one that is none is a programming error and panics.
func must(texts ...string) Paths {
	paths, wrong := ParsePaths(texts)
	if len(wrong) > 0 {
		panic(wrong[0].Detail)
	}
	return paths
}
