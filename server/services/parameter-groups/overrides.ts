import { AppError, type ParameterFamily } from "../../contract/index.ts";
import {
	canonicalValue,
	checkOverrides,
	parameterDefinition,
} from "../../domain/parameters/index.ts";

/** The values in their stored form; `invalid_argument` names the first that isn't allowed. */
export function acceptOverrides(
	family: ParameterFamily,
	values: Readonly<Record<string, string>>,
): Record<string, string> {
	const refused = checkOverrides(family, values);
	const first = refused[0];
	if (first !== undefined) {
		throw new AppError("invalid_argument", first.message, {
			field: `parameters.${first.name}`,
			details: {
				issues: refused.map(({ name, message }) => ({ field: `parameters.${name}`, message })),
			},
		});
	}
	return Object.fromEntries(
		Object.entries(values).map(([name, value]) => {
			const definition = parameterDefinition(family, name);
			return [name, definition === undefined ? value : canonicalValue(definition, value)];
		}),
	);
}
