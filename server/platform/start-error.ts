/** A start that can't succeed for a reason that the operator can mend; its message is all that they need to see. */
export class StartError extends Error {
	override readonly name = "StartError";
}
