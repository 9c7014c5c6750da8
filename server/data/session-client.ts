import pg from "pg";

/**
 * Errors after which a session isn't in the state that its client expects: it knows other statement names, or
 * is about to end.
 */
const SESSION_ERRORS = /^(08|57P|42P05$|26000$)/;

type Release = (error?: Error | boolean) => void;

/**
 * A connection that survives failing statements. A pool replaces a connection whenever `release` gets an
 * error, and pg's own pool passes on every statement's error: a value that PostgreSQL refuses, such as a NUL
 * character, would cost the connection.
 */
export class SessionClient extends pg.Client {
	#release: Release = () => undefined;

	/** Pools set it when they hand out the connection. */
	get release(): Release {
		return this.#release;
	}

	set release(give: Release) {
		this.#release = (error) => give(isStatementError(error) ? undefined : error);
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
