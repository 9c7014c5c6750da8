/** What a JSON text holds; undefined, which no JSON text does, for one that is empty, cut or no JSON at all. */
export function parseJson(text: string): unknown {
	try {
		return JSON.parse(text);
	} catch {
		return undefined;
	}
}
