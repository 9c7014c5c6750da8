import type { Writable } from "node:stream";

/** The status that shells report for a program that SIGPIPE ended, as it ends most programs in this situation. */
const SIGPIPE_STATUS = 141;

/**
 * A reader that has seen enough, such as `head`, closes the pipe. The command then ends at once and silently.
 */
export function endWithReader(streams: readonly Writable[], exit: (status: number) => void): void {
	for (const stream of streams) {
		stream.on("error", (error: NodeJS.ErrnoException) => {
			if (error.code !== "EPIPE") throw error;
			exit(SIGPIPE_STATUS);
		});
	}
}
