import type { Parameter } from "../../../server/contract/parameter-group.ts";
import type { Column } from "../../_ui/table/data-table.tsx";

/** Parameters whose name or description contains every word. */
export function searchParameters(parameters: readonly Parameter[], search: string): Parameter[] {
	const words = search.toLowerCase().split(/\s+/).filter(Boolean);
	return parameters.filter(({ name, description }) => {
		const text = `${name} ${description}`.toLowerCase();
		return words.every((word) => text.includes(word));
	});
}

export function applyWords({ apply }: Parameter): string {
	return apply === "immediate" ? "Immediately" : "At reboot";
}

export const PARAMETER_COLUMNS: readonly Column<Parameter>[] = [
	{
		id: "name",
		header: "Parameter",
		lead: true,
		cell: (parameter) => (
			<span className="flex max-w-96 min-w-0 flex-col">
				<code className="font-mono text-[0.8125rem] font-semibold break-all">{parameter.name}</code>
				<span className="text-xs font-normal text-pretty text-muted">{parameter.description}</span>
			</span>
		),
	},
	{
		id: "value",
		header: "Value",
		cell: ({ value }) => (
			<code className="font-mono text-[0.8125rem] break-all">
				{value === "" ? <span className="text-muted">empty</span> : value}
			</code>
		),
	},
	{
		id: "allowed",
		header: "Allowed",
		cell: ({ allowedValues, type }) => (
			<span className="inline-block max-w-56 text-[0.8125rem] break-words text-muted">
				{allowedValues === null ? `any ${type}` : allowedValues.replaceAll(",", ", ")}
			</span>
		),
	},
	{
		id: "apply",
		header: "Applies",
		cell: (parameter) => <span className="whitespace-nowrap">{applyWords(parameter)}</span>,
	},
	{
		id: "source",
		header: "Source",
		cell: ({ source, defaultValue }) =>
			source === "user" ? (
				<span title={`The default is ${defaultValue === "" ? "empty" : defaultValue}`}>
					Set here
				</span>
			) : (
				<span className="text-muted">Default</span>
			),
	},
];
