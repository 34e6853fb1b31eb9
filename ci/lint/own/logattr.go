package own

import (
	"go/ast"
	"go/constant"
	"go/types"
	"strings"

	"golang.org/x/tools/go/analysis"
)

// agreed maps other words for the agreed attributes, small and without separators, to the agreed
// ones.
var agreed = map[string]string{
	"tenantid": "tenant", "tenantuuid": "tenant", "tenant": "tenant",
	"queuename": "queue", "queueid": "queue", "queue": "queue",
	"message": "messageId", "msg": "messageId", "msgid": "messageId", "messageid": "messageId", "idmessage": "messageId",
	"messagetype": "type", "msgtype": "type", "typemessage": "type", "type": "type",
	"try": "attempt", "tries": "attempt", "attempts": "attempt", "attempt": "attempt",
}

// secret lists attribute names, written the same way, whose value nobody may read in a log.
var secret = map[string]bool{
	"secret": true, "clientsecret": true, "password": true, "passwd": true, "token": true, "accesstoken": true, "apikey": true,
	"authorization": true, "privatekey": true,
}

// LogAttr keeps log lines searchable by the same words everywhere, and free of secrets.
var LogAttr = &analysis.Analyzer{
	Name: "logattr",
	Doc: `a log attribute under another name than agreed (tenant, queue, messageId, type, attempt), a secret, or a body above debug

Who looks for one message among millions greps one word. Logs are copied to places where secrets and
customers' data must not be.`,
	Run: func(pass *analysis.Pass) (any, error) {
		for _, f := range pass.Files {
			if isTest(pass, f) {
				continue
			}
			for n := range ast.Preorder(f) {
				if call, ok := n.(*ast.CallExpr); ok {
					logCall(pass, call)
				}
			}
		}
		return nil, nil
	},
}

// logCall looks at the attribute names of one call of package slog.
func logCall(pass *analysis.Pass, call *ast.CallExpr) {
	f := called(pass, call)
	if f == nil || !from(f, "log/slog") {
		return
	}
	switch name := f.Name(); name {
	case "String", "Int", "Int64", "Uint64", "Bool", "Time", "Duration", "Any", "Float64", "Group":
		if f.Signature().Recv() == nil && len(call.Args) > 0 {
			logName(pass, call.Args[0], true)
		}
	case "With", "Debug", "Info", "Warn", "Error", "DebugContext", "InfoContext", "WarnContext", "ErrorContext", "Log":
		debug := strings.HasPrefix(name, "Debug") || name == "With" || name == "Log"
		for i := keysFrom(f); i < len(call.Args); i++ {
			if t := pass.TypesInfo.TypeOf(call.Args[i]); t != nil && isNamed(t, "log/slog", "Attr") {
				continue // seen where it is made
			}
			logName(pass, call.Args[i], debug)
			i++ // its value
		}
	}
}

// keysFrom is the place of a call's first attribute: behind context, level and text.
func keysFrom(f *types.Func) int { return f.Signature().Params().Len() - 1 }

func logName(pass *analysis.Pass, arg ast.Expr, bodyAllowed bool) {
	v := pass.TypesInfo.Types[arg].Value
	if v == nil || v.Kind() != constant.String {
		return
	}
	name := constant.StringVal(v)
	plain := strings.ToLower(strings.NewReplacer("_", "", "-", "", ".", "").Replace(name))
	switch {
	case agreed[plain] != "" && agreed[plain] != name:
		pass.ReportRangef(arg, "log attribute %q: the agreed name is %q", name, agreed[plain])
	case secret[plain]:
		pass.ReportRangef(arg, "log attribute %q: secrets are never logged", name)
	case plain == "body" && !bodyAllowed:
		pass.ReportRangef(arg, "log attribute %q: bodies are logged at debug level at most", name)
	}
}
