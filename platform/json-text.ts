/** The value of a JSON text. Undefined, which JSON can't express, if the text is empty, cut off or not JSON. */
export function parseJson(text: string): unknown {
	try {
		return JSON.parse(text);
	} catch {
		return undefined;
	}
}
