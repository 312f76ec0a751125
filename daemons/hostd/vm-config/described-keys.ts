/** Keys that have a place of their own in the API's description of a machine; all others are its extraConfig. */
const described =
  /^(\.encoding|config\.version|virtualhw\.version|displayname|guestos|guestosaltname|memsize|numvcpus|annotation|uuid\.(bios|location)|vc\.uuid|disable_acceleration|logging|vmx\.debug|monitor|monitor\.virtual_mmu|snapshot\.(disabled|locked)|disk\.enableuuid|toolscripts\.(afterpoweron|afterresume|beforesuspend|beforepoweroff)|tools\.(synctime|upgrade\.policy)|gui\.(poweronatstartup|fullscreenatpoweron|exitatpoweroff)|powertype\.(poweroff|suspend|reset)|chipset\.onlinestandby|bios\.(bootdelay|forcesetuponce)|workingdir|suspend\.directory|sched\.(cpu|mem)\.(min|max|shares|affinity)|sched\.mem\.minsize|sched\.cpu\.(units|htsharing)|svga\.vramsize|(ide|scsi)\d+(:\d+)?\..*|ethernet\d+\.(?!pcislot).*|floppy\d\..*|serial\d\..*|parallel\d\..*)$/;

export function hasPlaceOfItsOwn(key: string): boolean {
  return described.test(key.toLowerCase());
}
