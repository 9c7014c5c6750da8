/** What Next passes to a page about its address. */
export interface PageAddress {
	searchParams: Promise<Readonly<Record<string, string | string[] | undefined>>>;
}

/** The query, in the form in which the page's components read it. */
export async function paramsOf({ searchParams }: PageAddress): Promise<URLSearchParams> {
	const entries = Object.entries(await searchParams).flatMap(([name, value]) =>
		[value ?? []].flat().map((one): [string, string] => [name, one]),
	);
	return new URLSearchParams(entries);
}

/** The page of a list that the address names, with as many rows as lists show. */
export function pageInput(params: URLSearchParams, limit = 50) {
	const cursor = params.get("cursor");
	return { limit, ...(cursor ? { cursor } : {}) };
}
