"use client";

import { Tabs } from "@heroui/react";
import { type ReactNode, useEffect, useRef } from "react";
import { useUrlParams } from "../_lib/use-url-params.ts";

interface UrlTabsProps {
	label: string;
	tabs: readonly { id: string; label: string; content: ReactNode }[];
}

/** Tabs whose selection is in the page's address. An address without one selects the first tab. */
export function UrlTabs({ label, tabs }: UrlTabsProps) {
	const { params, change } = useUrlParams();
	const first = tabs[0]?.id ?? "";
	const wanted = params.get("tab");
	const current = tabs.find(({ id }) => id === wanted) ?? tabs[0];
	const list = useRef<HTMLDivElement>(null);
	// On a narrow screen the list scrolls sideways, and the chosen tab may be out of view.
	useEffect(() => {
		// The tabs are rendered a moment after their list.
		const frame = requestAnimationFrame(() => {
			const tab = list.current?.querySelector('[role="tab"][aria-selected="true"]');
			tab?.scrollIntoView({ block: "nearest", inline: "center" });
		});
		return () => cancelAnimationFrame(frame);
	}, [current?.id]);
	return (
		<Tabs
			variant="secondary"
			selectedKey={current?.id ?? first}
			onSelectionChange={(key) => change({ tab: key === first ? null : String(key) }, "push")}
		>
			<Tabs.ListContainer ref={list}>
				<Tabs.List aria-label={label}>
					{tabs.map((tab) => (
						<Tabs.Tab key={tab.id} id={tab.id}>
							{tab.label}
							<Tabs.Indicator />
						</Tabs.Tab>
					))}
				</Tabs.List>
			</Tabs.ListContainer>
			<Tabs.Panel id={current?.id ?? first}>{current?.content}</Tabs.Panel>
		</Tabs>
	);
}
