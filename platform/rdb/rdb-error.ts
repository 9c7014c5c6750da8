/** A file isn't a whole RDB file, or holds something that Larder can't restore. The message says which, in a clause. */
export class RdbError extends Error {
	override readonly name = "RdbError";
}
