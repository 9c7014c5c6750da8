/** PostgreSQL clients look for a socket of this name in a directory. */
export const SOCKET_NAME = ".s.PGSQL.5432";

/** URL of a database that is served on such a socket in `directory`. */
export function socketUrl(directory: string): string {
	return `postgresql://postgres@localhost/postgres?host=${encodeURIComponent(directory)}`;
}
