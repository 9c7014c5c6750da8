"use client";

import { Button, Drawer } from "@heroui/react";
import { Menu } from "lucide-react";
import { useState } from "react";
import { Logo } from "../logo.tsx";
import { Navigation } from "./navigation.tsx";

/** The navigation where there is no room for it at the side. */
export function NavigationDrawer() {
	const [isOpen, setOpen] = useState(false);
	return (
		<>
			<Button
				variant="ghost"
				isIconOnly
				aria-label="Open navigation"
				className="-ml-1.5 nav:hidden"
				onPress={() => setOpen(true)}
			>
				<Menu aria-hidden />
			</Button>
			<Drawer.Backdrop isOpen={isOpen} onOpenChange={setOpen}>
				<Drawer.Content placement="left" className="w-64">
					<Drawer.Dialog aria-label="Navigation" className="p-0">
						<Drawer.CloseTrigger />
						<div className="flex h-14 items-center gap-2.5 border-b border-border px-5 text-base font-semibold">
							<Logo /> Larder
						</div>
						<Drawer.Body className="p-0">
							<Navigation onNavigate={() => setOpen(false)} />
						</Drawer.Body>
					</Drawer.Dialog>
				</Drawer.Content>
			</Drawer.Backdrop>
		</>
	);
}
