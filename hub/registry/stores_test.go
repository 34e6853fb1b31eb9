package registry

import (
	"context"
	"database/sql"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
)

// where is a store that the registry may stand in.
type where struct {
	name string
	// fresh answers the address of a new and empty one.
	fresh func(t testing.TB) string
	open  func(ctx context.Context, address string, o Options) (*Store, error)
	// full makes every further audit entry fail.
	full string
}

var file = where{
	name:  "SQLite",
	fresh: func(t testing.TB) string { return filepath.Join(t.TempDir(), "hub.db") },
	open:  Open,
	full:  `CREATE TRIGGER full BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'audit is full'); END`,
}

var server = where{
	name:  "PostgreSQL",
	fresh: newSchema,
	open:  OpenPostgres,
	full: `CREATE FUNCTION audit_is_full() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''audit is full''; END';
		CREATE TRIGGER audit_full BEFORE INSERT ON audit FOR EACH ROW EXECUTE FUNCTION audit_is_full()`,
}

// testSchema is the one in the tests' database that this package's tests have for themselves, one after the
// other; madeSchema makes it anew in each run.
const testSchema = "registry_test"

var madeSchema sync.Once

// newSchema empties the schema and answers its address.
func newSchema(t testing.TB) string {
	t.Helper()
	dsn := os.Getenv("SMARTLINK_TEST_POSTGRES")
	if dsn == "" {
		t.Skip("SMARTLINK_TEST_POSTGRES names no PostgreSQL database: the registry is NOT tested on it")
	}
	ctx := context.Background()
	c, err := pgx.Connect(ctx, dsn+" search_path="+testSchema)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close(ctx) }()
	// Whatever tables there are, in any order: triggers that check who refers to whom are off.
	statement := `DROP TRIGGER IF EXISTS audit_full ON audit; DROP FUNCTION IF EXISTS audit_is_full(); SET session_replication_role = replica;
		DO $$ DECLARE t regclass; BEGIN FOR t IN SELECT oid::regclass FROM pg_class WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace
			AND relname NOT IN ('registry_schema', 'registry_version') LOOP EXECUTE 'DELETE FROM ' || t; END LOOP; END $$`
	madeSchema.Do(func() { statement = "DROP SCHEMA IF EXISTS " + testSchema + " CASCADE; CREATE SCHEMA " + testSchema })
	if _, err := c.Exec(ctx, statement); err != nil {
		t.Fatal(err)
	}
	return dsn + " application_name=" + testSchema + " search_path=" + testSchema
}

// suite is what the registry has to do in either store.
var suite = []func(*testing.T, where){
	testListsPageByCursor,
	testForeignCursors,
	testStartCodeIsToldOnce,
	testNoStartCodeWhereThereIsAnAdministrator,
	testInitSpendsTheCode,
	testInitWithoutACodeMade,
	testInitRefusedSpendsNothing,
	testInitLimitsGuesses,
	testOnlyOneOfManySpendsTheCode,
	testUnknownKeys,
	testForeignText,
	testLookups,
	testAuditFilters,
	testNewRegistryIsEmptyAndSound,
	testCheckFailsWhenTheFileIsGone,
	testCompanyNames,
	testCompanyTwiceIsAConflict,
	testTenantIDs,
	testTenantRefusals,
	testTenantNamesItsCompanyByID,
	testAppRefusals,
	testPutAppReplacesAndIsIdempotent,
	testCreateClientTellsAllThatIsUnknown,
	testCreatedClientIsInTheSnapshotAtOnce,
	testChangeClient,
	testRevokeRaisesTheEpochAndReplacingASecretDoesNot,
	testEveryChangeIsAuditedWithItsActor,
	testNoChangeWithoutItsAuditEntry,
	testAChangeBegunIsFinishedAndOneOfNobodyIsNotBegun,
	testRefreshSeesWhatOthersChanged,
	testCheckMendsASnapshotThatMayBeStale,
	testSchemaRules,
	testSchemaRulesRefused,
	testRetention,
	testJobs,
	testJobsAreKept,
	testAuditFilter,
	testSchemasAreBounded,
	testSearchRules,
	testSearchRulesRefused,
	testAuthenticateClient,
	testTwoSecretsLiveAtOnce,
	testLastUseIsWrittenAtClose,
	testRequestsDuringChanges,
	testUsersAreMadeWithAPassword,
	testUsersAreChecked,
	testLoginRefusals,
	testSessionsEnd,
	testSessionHasTheRoleOfTheMoment,
	testNeverWithoutAnAdministrator,
	testDisabledKey,
	testOneRunIsActiveAndAnotherTakesOver,
	testEpochIsAboveWhatTheDatabaseKnows,
	testCopyOfARunningInstanceIsRefusedAndShown,
	testRestartAfterDeathIsNoCopy,
	testOlderStateOfTheDatabaseIsRefused,
	testAnotherInstallationIsRefused,
	testAdministratorReleasesAndBinds,
	testHoldsOutliveAHubThatWasAway,
	testRemoteHelp,
	testRefusalsOfRequestsAreNotedNowAndThen,
}

// TestStores runs the suite on both stores.
func TestStores(t *testing.T) {
	for _, at := range []where{file, server} {
		t.Run(at.name, func(t *testing.T) {
			for _, f := range suite {
				name := runtime.FuncForPC(reflect.ValueOf(f).Pointer()).Name()
				t.Run(name[strings.LastIndex(name, ".test")+len(".test"):], func(t *testing.T) { f(t, at) })
			}
		})
	}
}

// TestSameColumns: a column that one store lacks would fail only there.
func TestSameColumns(t *testing.T) {
	columns := func(at where, query string) string {
		f := newEmpty(t, at)
		rows := must(t)(collect(t.Context(), f.db(), scanString, query)).([]string)
		if len(rows) < 50 {
			t.Fatalf("%s has %d columns: the test looks in the wrong place", at.name, len(rows))
		}
		return strings.Join(rows, "\n")
	}
	sqlite := columns(file, `SELECT m.name || '.' || c.name || CASE WHEN c."notnull" OR c.pk THEN ' NOT NULL' ELSE '' END FROM sqlite_schema m
		JOIN pragma_table_info(m.name) c WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite%' AND m.name <> 'registry_schema' ORDER BY 1`)
	postgres := columns(server, `SELECT c FROM (SELECT table_name || '.' || column_name || CASE is_nullable WHEN 'NO' THEN ' NOT NULL' ELSE '' END FROM information_schema.columns
		WHERE table_schema = current_schema() AND table_name NOT IN ('registry_schema', 'registry_version')) AS x (c) ORDER BY c COLLATE "C"`)
	if sqlite != postgres {
		t.Errorf("SQLite:\n%s\nPostgreSQL:\n%s", sqlite, postgres)
	}
}

func scanString(rows *sql.Rows) (s string, err error) {
	err = rows.Scan(&s)
	return s, err
}
