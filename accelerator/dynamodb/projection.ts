import { type AttributeValue, type Item, isRecord } from "./attribute-value.ts";

/** One path of a projection: attribute names, and indexes into lists. The first is a name. */
export type Path = readonly (string | number)[];

/** What a read asks of an item; `paths` null for all of it. */
export interface Projection {
	/** The same for the same request: a projection that DynamoDB has accepted once is valid for the table. */
	readonly text: string;
	readonly paths: readonly Path[] | null;
}

export interface ProjectionInput {
	readonly ProjectionExpression?: unknown;
	readonly ExpressionAttributeNames?: unknown;
	readonly AttributesToGet?: unknown;
}

/** Null if the request's projection can't be understood: DynamoDB must judge it. */
export function readProjection(input: ProjectionInput): Projection | null {
	const { ProjectionExpression: expression, ExpressionAttributeNames: names } = input;
	const { AttributesToGet: attributes } = input;
	const text = JSON.stringify([expression, names, attributes]);
	if (expression === undefined && names === undefined && attributes === undefined) {
		return { text: "", paths: null };
	}
	if (Array.isArray(attributes)) {
		const areNames = attributes.every((name): name is string => typeof name === "string");
		const alone = expression === undefined && names === undefined;
		return areNames && alone ? { text, paths: attributes.map((name) => [name]) } : null;
	}
	if (typeof expression !== "string" || (names !== undefined && !isRecord(names))) return null;
	const paths = expression.split(",").map((part) => parsePath(part.trim(), names ?? {}));
	return paths.every((path) => path !== null) ? { text, paths } : null;
}

const ELEMENT = /^(#[A-Za-z0-9_]+|[A-Za-z_][A-Za-z0-9_]*)((?:\[\d+\])*)$/;

function parsePath(text: string, names: Readonly<Record<string, unknown>>): Path | null {
	const path: (string | number)[] = [];
	for (const part of text.split(".")) {
		const match = ELEMENT.exec(part);
		if (match === null) return null;
		const [, name = "", indexes = ""] = match;
		const resolved = name.startsWith("#") ? names[name] : name;
		if (typeof resolved !== "string") return null;
		path.push(resolved, ...[...indexes.matchAll(/\d+/g)].map(Number));
	}
	return path;
}

interface Wanted {
	/** All of the value, not only parts of it. */
	whole: boolean;
	readonly parts: Map<string | number, Wanted>;
}

/** The item as DynamoDB projects it: paths that lead nowhere are left out, and lists close up. */
export function project(item: Item, { paths }: Projection): Item {
	if (paths === null) return item;
	const root = wantedOf(paths);
	return takeMembers(item, root);
}

function wantedOf(paths: readonly Path[]): Wanted {
	const root: Wanted = { whole: false, parts: new Map() };
	for (const path of paths) {
		let at = root;
		for (const element of path) {
			const next = at.parts.get(element) ?? { whole: false, parts: new Map() };
			at.parts.set(element, next);
			at = next;
		}
		at.whole = true;
	}
	return root;
}

function takeMembers(members: Readonly<Record<string, unknown>>, { parts }: Wanted): Item {
	const taken = [...parts].flatMap(([name, part]): [string, AttributeValue][] => {
		const member =
			typeof name === "string" && Object.hasOwn(members, name) ? members[name] : undefined;
		const value = isRecord(member) ? take(member, part) : undefined;
		return value === undefined ? [] : [[String(name), value]];
	});
	// As own members, whatever their names.
	return Object.fromEntries(taken);
}

function take(value: AttributeValue, wanted: Wanted): AttributeValue | undefined {
	if (wanted.whole) return value;
	const { M: map, L: list } = value;
	if (isRecord(map)) {
		const chosen = takeMembers(map, wanted);
		return Object.keys(chosen).length === 0 ? undefined : { M: chosen };
	}
	if (!Array.isArray(list)) return undefined;
	const indexes = [...wanted.parts].flatMap(([index, part]) =>
		typeof index === "number" ? [{ index, part }] : [],
	);
	const chosen = indexes
		.sort((a, b) => a.index - b.index)
		.flatMap(({ index, part }) => {
			const inner: unknown = list[index];
			return (isRecord(inner) ? take(inner, part) : undefined) ?? [];
		});
	return chosen.length === 0 ? undefined : { L: chosen };
}
