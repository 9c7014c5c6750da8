import pg from "pg";

/**
 * Errors after which a session isn't in the state that its client expects: it knows other statement names, or
 * is about to end.
 */
const SESSION_ERRORS = /^(08|57P|42P05$|26000$)/;

type Release = (error?: Error | boolean) => void;

const send = pg.Client.prototype.query as (...args: unknown[]) => unknown;

/**
 * A connection that survives failing statements. A pool replaces a connection whenever `release` gets an
 * error, and pg's own pool passes on every statement's error: a value that PostgreSQL refuses, such as a NUL
 * character, would cost the connection.
 */
export class SessionClient extends pg.Client {
	#release: Release = () => undefined;
	/** Ends with the last query that was asked for. */
	#turn: Promise<unknown> = Promise.resolve();

	/** Pools set it when they hand out the connection. */
	get release(): Release {
		return this.#release;
	}

	set release(give: Release) {
		this.#release = (error) => give(isStatementError(error) ? undefined : error);
	}

	/** Prisma asks for several relations at once. pg is about to stop queueing queries, so they take turns here. */
	override query(statement: string | { text?: string }, ...rest: unknown[]): never {
		const returnsPromise = typeof rest.at(-1) !== "function" && !("submit" in Object(statement));
		if (!returnsPromise) return send.call(this, statement, ...rest) as never;
		const result = this.#turn.then(() => send.call(this, statement, ...rest));
		this.#turn = result.catch(() => {});
		return result as never;
	}
}

/** Whether PostgreSQL refused a statement but its session continues. */
function isStatementError(error: unknown): boolean {
	return (
		error instanceof pg.DatabaseError &&
		error.severity === "ERROR" &&
		!SESSION_ERRORS.test(error.code ?? "")
	);
}
