-- Spreads the tables over the nodes of Citus, each by its tenant and beside the table queue, so that one
-- tenant's rows stand together. It runs at each start, and does nothing where there is no Citus or where a
-- table is spread already. Every table whose primary key begins with the tenant is one; partitions go with
-- their table, all else stays where it is.
DO $distribute$
DECLARE
    t    regclass;
    base regclass := to_regclass('queue');
BEGIN
    IF to_regclass('pg_dist_partition') IS NULL THEN
        RETURN;
    END IF;
    FOR t IN
        SELECT c.oid::regclass FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indrelid
        JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum = i.indkey[0]
        WHERE i.indisprimary AND a.attname = 'tenant' AND NOT c.relispartition AND c.relnamespace = current_schema()::regnamespace
        ORDER BY c.oid <> base, c.relname
    LOOP
        IF NOT EXISTS (SELECT 1 FROM pg_dist_partition WHERE logicalrel = t) THEN
            PERFORM create_distributed_table(t, 'tenant', colocate_with => CASE WHEN t = base THEN 'default' ELSE 'queue' END);
        END IF;
    END LOOP;
END
$distribute$;
