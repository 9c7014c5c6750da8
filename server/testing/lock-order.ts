import { LOCK_ORDER } from "../data/row-locks.ts";
import { SessionClient } from "../data/session-client.ts";

/** Rows that are only ever added: no transaction waits for them. */
const ONLY_ADDED: ReadonlySet<string> = new Set(["Event", "AuditEntry"]);
const WRITES = /\b(?:INSERT\s+INTO|UPDATE|DELETE\s+FROM)\s+(?:"public"\.)?"(\w+)"/g;
const READS = /\b(?:FROM|JOIN)\s+(?:"public"\.)?"(\w+)"/g;
const LOCKS_READ_ROWS = /\bFOR\s+(?:(?:NO\s+KEY\s+)?UPDATE|SHARE|KEY\s+SHARE)\b/;
/** What every transaction of the control plane in charge begins with (data/charge.ts). */
const FENCE = /FROM\s+"ControlPlane"[^;]*FOR\s+KEY\s+SHARE/;

/** Checks the order in which one connection's transactions lock the tables' rows (data/row-locks.ts). */
export class LockOrder {
	#isInTransaction = false;
	#locked: string[] = [];

	/** Throws if the statement locks rows of a table that should have come before tables with locked rows. */
	check(sql: string): void {
		if (/^\s*BEGIN\b/.test(sql)) this.#isInTransaction = true;
		if (/^\s*(BEGIN|COMMIT|ROLLBACK)\b/.test(sql)) {
			this.#isInTransaction = !/^\s*(COMMIT|ROLLBACK)\b/.test(sql);
			this.#locked = [];
		}
		if (!this.#isInTransaction) return;
		for (const table of tablesLockedBy(sql)) this.#lock(table, sql);
	}

	#lock(table: string, sql: string): void {
		if (this.#locked.includes(table)) return;
		const later = this.#locked.find((other) => rankOf(other) > rankOf(table));
		this.#locked.push(table);
		if (later === undefined) return;
		throw new Error(
			`a transaction locks rows of ${table} after rows of ${later}, against the order in data/row-locks.ts, with: ${sql}`,
		);
	}
}

export function tablesLockedBy(sql: string): string[] {
	if (FENCE.test(sql)) return [];
	const found = [
		...sql.matchAll(WRITES),
		...(LOCKS_READ_ROWS.test(sql) ? sql.matchAll(READS) : []),
	].sort((a, b) => a.index - b.index);
	return found.flatMap(([, table]) => (table && !ONLY_ADDED.has(table) ? table : []));
}

function rankOf(table: string): number {
	const [first, last]: readonly (readonly string[])[] = [LOCK_ORDER.first, LOCK_ORDER.last];
	if (last?.includes(table)) return Number.POSITIVE_INFINITY;
	const rank = first?.indexOf(table) ?? -1;
	return rank === -1 ? LOCK_ORDER.first.length : rank;
}

/** A connection whose statement fails if it locks rows out of order. */
export class OrderedClient extends SessionClient {
	constructor(...options: ConstructorParameters<typeof SessionClient>) {
		super(...options);
		const order = new LockOrder();
		const query = this.query.bind(this);
		this.query = (statement, ...rest) => {
			order.check(typeof statement === "string" ? statement : (statement.text ?? ""));
			return query(statement, ...rest);
		};
	}
}
