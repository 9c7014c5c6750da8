"use client";

import { Button, Dropdown, Label } from "@heroui/react";
import { Columns3 } from "lucide-react";
import type { ReactNode } from "react";
import { useStoredText } from "../../_lib/stored-value.ts";
import type { Column } from "./data-table.tsx";

/** The row's name and its actions are always shown. */
function canBeHidden<Row>({ lead, bare }: Column<Row>): boolean {
	return lead !== true && bare !== true;
}

/**
 * The columns that the user chose for a list (the browser remembers them), and the menu for choosing them. `isExtra`
 * columns are hidden until chosen.
 */
export function useColumns<Row>(
	list: string,
	columns: readonly Column<Row>[],
): { shown: readonly Column<Row>[]; chooser: ReactNode } {
	const [stored, store] = useStoredText(`larder.columns.${list}`);
	const choosable = columns.filter(canBeHidden);
	const standard = choosable.filter(({ isExtra }) => isExtra !== true).map(({ id }) => id);
	const chosen = new Set(stored === null ? standard : stored.split(","));
	const shown = columns.filter((column) => !canBeHidden(column) || chosen.has(column.id));
	const chooser = (
		<Dropdown>
			<Button variant="outline" isIconOnly aria-label="Choose columns">
				<Columns3 aria-hidden />
			</Button>
			<Dropdown.Popover placement="bottom end" className="min-w-48">
				<Dropdown.Menu
					aria-label="Columns"
					selectionMode="multiple"
					selectedKeys={choosable.filter(({ id }) => chosen.has(id)).map(({ id }) => id)}
					onSelectionChange={(keys) => {
						const ids = choosable.map(({ id }) => id);
						store(ids.filter((id) => keys === "all" || keys.has(id)).join(","));
					}}
				>
					{choosable.map(({ id, header }) => (
						<Dropdown.Item key={id} id={id} textValue={header}>
							<Dropdown.ItemIndicator />
							<Label>{header}</Label>
						</Dropdown.Item>
					))}
				</Dropdown.Menu>
			</Dropdown.Popover>
		</Dropdown>
	);
	return { shown, chooser };
}
