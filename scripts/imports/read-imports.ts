import { parseSync } from "oxc-parser";

export interface Import {
	/** As written. */
	readonly specifier: string;
	/** Nothing remains of it at run time. */
	readonly typeOnly: boolean;
}

/** Every import and re-export of a file, including `import("x")` in code and in types. */
export function readImports(path: string, source: string): Import[] {
	const { module, program, errors } = parseSync(path, source);
	if (errors[0] !== undefined) throw new Error(`${path}: ${errors[0].message}`);
	const found: Import[] = [];
	for (const each of module.staticImports) {
		// `import "x"` has no entries and runs x.
		const typeOnly = each.entries.length > 0 && each.entries.every((entry) => entry.isType);
		found.push({ specifier: each.moduleRequest.value, typeOnly });
	}
	for (const { entries } of module.staticExports) {
		for (const entry of entries) {
			if (entry.moduleRequest === null) continue;
			found.push({ specifier: entry.moduleRequest.value, typeOnly: entry.isType });
		}
	}
	for (const each of module.dynamicImports) {
		const text = source.slice(each.moduleRequest.start, each.moduleRequest.end);
		const literal = /^(["'`])(.+)\1$/s.exec(text)?.[2];
		if (literal !== undefined) found.push({ specifier: literal, typeOnly: false });
	}
	collectTypeImports(program, found);
	return found;
}

function collectTypeImports(node: unknown, found: Import[]): void {
	if (typeof node !== "object" || node === null) return;
	if (Array.isArray(node)) {
		for (const child of node) collectTypeImports(child, found);
		return;
	}
	const fields: Record<string, unknown> = { ...node };
	const source: unknown = fields.source;
	if (fields.type === "TSImportType" && typeof source === "object" && source !== null) {
		if ("value" in source) found.push({ specifier: String(source.value), typeOnly: true });
	}
	for (const child of Object.values(fields)) collectTypeImports(child, found);
}
