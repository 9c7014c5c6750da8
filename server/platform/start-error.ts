/** A start that fails for a reason that the operator can fix; its message is all that they need to see. */
export class StartError extends Error {
	override readonly name = "StartError";
}
