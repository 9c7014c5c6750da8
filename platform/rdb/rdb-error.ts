/** A file isn't a whole RDB file, or holds something that Larder can't restore. The message says which, in a clause. */
export class RdbError extends Error {
	override readonly name: string = "RdbError";
}

/** It holds what is only there for a while: the same engine's next file may not. */
export class PassingRdbError extends RdbError {
	override readonly name = "PassingRdbError";
}
