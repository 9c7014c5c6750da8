"use client";

import { useQuery } from "@tanstack/react-query";
import { useTRPC } from "../../_lib/trpc.ts";
import { FormTextField } from "../../_ui/form-fields.tsx";
import { SelectField } from "../../_ui/select-field.tsx";

/** More hosts are chosen by their name. */
const HOSTS_LISTED = 100;

export interface HostFiles {
	readonly host: string;
	/** As typed: one path a line. */
	readonly paths: string;
}

/** The paths that were typed, without empty lines. */
export function pathsOf({ paths }: HostFiles): string[] {
	return paths
		.split("\n")
		.map((line) => line.trim())
		.filter((line) => line !== "");
}

interface HostFilesFieldProps {
	value: HostFiles;
	onChange: (value: HostFiles) => void;
	error: string | undefined;
}

/** Files on a host, which its agent sends if the host's operator allows it. */
export function HostFilesField({ value, onChange, error }: HostFilesFieldProps) {
	const trpc = useTRPC();
	const { data } = useQuery(
		trpc.hosts.list.queryOptions({ limit: HOSTS_LISTED }, { staleTime: 5_000 }),
	);
	const { host, paths } = value;
	return (
		<>
			{data != null && data.nextCursor !== null ? (
				<FormTextField
					label="Host"
					name="host"
					value={host}
					onChange={(text) => onChange({ host: text.trim(), paths })}
					autoComplete="off"
					hint="The host's name."
				/>
			) : (
				<SelectField
					label="Host"
					placeholder="Choose a host"
					value={host}
					options={(data?.items ?? []).map(({ name, zone, status }) => ({
						value: name,
						label: name,
						detail: status === "online" ? `zone ${zone}` : `zone ${zone}. It is ${status}.`,
					}))}
					onChange={(name) => onChange({ host: name, paths })}
				/>
			)}
			<FormTextField
				label="Paths on the host"
				name="paths"
				value={paths}
				onChange={(text) => onChange({ host, paths: text })}
				isMultiline
				isMonospace
				rows={2}
				placeholder="/var/lib/redis/dump.rdb"
				error={error}
				hint="One a line; for a cluster, one for each shard. The host's LARDER_IMPORT_DIRECTORIES must name a directory above them, and its agent's user must be able to read them."
			/>
		</>
	);
}
