"use client";

import { Button, Dropdown, Label, Tooltip } from "@heroui/react";
import { Check, Monitor, Moon, Sun } from "lucide-react";
import { useTheme } from "next-themes";
import { useTimeZone } from "../../_lib/use-time-zone.ts";

const THEMES = [
	{ id: "light", label: "Light", icon: Sun },
	{ id: "dark", label: "Dark", icon: Moon },
	{ id: "system", label: "Same as system", icon: Monitor },
] as const;

export function ThemeMenu() {
	const { theme, setTheme } = useTheme();
	return (
		<Dropdown>
			<Button variant="ghost" size="sm" isIconOnly aria-label="Theme">
				<Sun aria-hidden className="dark:hidden" />
				<Moon aria-hidden className="hidden dark:block" />
			</Button>
			<Dropdown.Popover placement="bottom end" className="min-w-44">
				<Dropdown.Menu
					aria-label="Theme"
					selectionMode="single"
					disallowEmptySelection
					selectedKeys={[theme ?? "system"]}
					onAction={(key) => setTheme(String(key))}
				>
					{THEMES.map(({ id, label, icon: Icon }) => (
						<Dropdown.Item key={id} id={id} textValue={label}>
							<Icon aria-hidden className="size-4 text-muted" />
							<Label>{label}</Label>
							{theme === id && <Check aria-hidden className="ml-auto size-4 text-accent" />}
						</Dropdown.Item>
					))}
				</Dropdown.Menu>
			</Dropdown.Popover>
		</Dropdown>
	);
}

export function TimeZoneSwitch() {
	const [zone, setZone] = useTimeZone();
	const next = zone === "utc" ? "local" : "utc";
	return (
		<Tooltip delay={500}>
			<Button
				variant="ghost"
				size="sm"
				className="px-2 text-muted"
				aria-label={`Times are in ${zone === "utc" ? "UTC" : "local time"}. Switch to ${next === "utc" ? "UTC" : "local time"}`}
				onPress={() => setZone(next)}
			>
				{zone === "utc" ? "UTC" : "Local"}
			</Button>
			<Tooltip.Content>
				Show times in {next === "utc" ? "UTC" : "this browser's time zone"}
			</Tooltip.Content>
		</Tooltip>
	);
}
