// SPDX-License-Identifier: Apache-2.0

import Foundation
import SecureMemory
import TestSupport
import Testing
import Vault
import VaultStores
import VaultTestSupport

/// A file with about everything that other programs put into one, written and judged by pykeepass and KeePassXC.
struct ForeignFileTests {
    private static let making = #"""
        import sys, uuid
        from datetime import datetime, timezone
        from lxml import etree
        from pykeepass import create_database
        vault = create_database(sys.argv[1], password="demopass")
        root = vault.root_group
        root.name = "Tresor äöü 日本"

        def extend(element, text):
            element.append(etree.fromstring(text))

        deep = root
        for number in range(12):
            deep = vault.add_group(deep, f"Ebene {number} / & < > \" ' 🔑", notes="nichts\n\there")
        empty = vault.add_group(root, "")
        plain = vault.add_entry(root, "Plain", "user", "secret", url="https://plain.example/")
        plain.uuid = uuid.UUID(hex="000102030405060708090A0B0C0D0E0F")
        refers = vault.add_entry(deep, "Refers", "{REF:U@I:000102030405060708090A0B0C0D0E0F}",
                                 "{REF:P@I:000102030405060708090A0B0C0D0E0F}", url="refers.example:8443")
        twin = vault.add_entry(deep, "Refers", "zwei", "", url="")
        expired = vault.add_entry(root, "Expired", "old", "x", url="https://expired.example/",
                                  expiry_time=datetime(2001, 2, 3, 4, 5, 6, tzinfo=timezone.utc))
        codes = vault.add_entry(root, "Codes", "c", "p", otp="otpauth://totp/x?secret=GEZDGNBVGY3TQOJQ&period=30")
        codes.set_custom_property("TimeOtp-Secret-Base32", "GEZDGNBVGY3TQOJQ", protect=True)
        odd = vault.add_entry(root, "Odd \u2028 \u200b ﷽", "ü" * 300, "p\"'<>&\t𝔘", notes="n" * 100000, tags=["a b", "ö"])
        for name in ["", " ", "KPH: ä", "a.b", "URL 1", "</Key>", "🔑"]:
            odd.set_custom_property(name or "empty", "wert " + name)
        odd.set_custom_property("gone", "")
        odd.set_custom_property("secret", "s\r\n\ts", protect=True)
        for number in range(60):
            odd.save_history()
            odd.password = f"password {number}"
        data = bytes(range(256)) * 500
        first, second = vault.add_binary(data, compressed=True, protected=True), vault.add_binary(b"", protected=False)
        odd.add_attachment(first, "ä b.bin")
        odd.add_attachment(second, "empty.txt")
        plain.add_attachment(first, "again.bin")
        trashed = vault.add_entry(root, "Trashed", "t", "t", url="https://trashed.example/")
        vault.trash_entry(trashed)
        deleted = vault.add_entry(root, "Deleted", "d", "d")
        vault.delete_entry(deleted)
        meta = vault.tree.find("Meta")
        icons = meta.find("CustomIcons")
        icons = icons if icons is not None else etree.SubElement(meta, "CustomIcons")
        extend(icons, "<Icon><UUID>AAECAwQFBgcICQoLDA0ODw==</UUID><Data>iVBORw0KGgo=</Data></Icon>")
        data = meta.find("CustomData")
        data = data if data is not None else etree.SubElement(meta, "CustomData")
        extend(data, "<Item><Key>plugin</Key><Value>&lt;xml/&gt; \n</Value></Item>")
        extend(plain._element, "<CustomIconUUID>AAECAwQFBgcICQoLDA0ODw==</CustomIconUUID>")
        extend(plain._element, "<CustomData><Item><Key>k</Key><Value>v</Value></Item></CustomData>")
        extend(plain._element, '<Future kind="1"><Inner/>text<Inner a="&amp;&quot;">x</Inner></Future>')
        extend(empty._element, "<Future/>")
        extend(meta, "<Future>  spaces  </Future>")
        extend(vault.tree.find("Root"), '<Future Protected="False"/>')
        vault.save()
        """#

    /// Compares what was in the first file with what is in the second, element by element, as they are decrypted.
    private static let judging = #"""
        import sys
        from lxml import etree
        from pykeepass import PyKeePass
        before, after = (PyKeePass(path, password="demopass") for path in sys.argv[1:3])

        def shallow(element, without=("Group", "Entry")):
            copy = etree.fromstring(etree.tostring(element))
            for child in list(copy):
                if child.tag in without:
                    copy.remove(child)
            for part in copy.iter():
                # Formatting, and how an empty element is written, is nobody's content.
                if len(part) and not (part.text or "").strip(): part.text = None
                if not (part.tail or "").strip(): part.tail = None
                part.text = part.text or None
            return etree.tostring(copy)

        def things(vault):
            found = {"meta": shallow(vault.tree.find("Meta")), "root": shallow(vault.tree.find("Root"))}
            for tag, without in (("Group", ("Group", "Entry")), ("Entry", ())):
                for element in vault.tree.iter(tag):
                    if element.getparent().tag == "History": continue
                    parent = element.getparent().findtext("UUID")
                    found[tag + element.findtext("UUID")] = (parent, shallow(element, without))
            return found

        old, new = things(before), things(after)
        for key in old:
            if old[key] != new.get(key): print("differs", key, old[key], new.get(key))
        order = [key for key in new if key in old]
        if order != list(old): print("order", order)
        print("added", len(new) - len(old))
        print("binaries", before.binaries == after.binaries[: len(before.binaries)], len(after.binaries))
        print("version", after.version, after.kdf_algorithm)
        """#

    @Test
    func `a file of pykeepass with a bit of everything is served, and comes back with all that was in it`()
        async throws
    {
        let folder = try TemporaryFolder()
        let path = folder.path("vault.kdbx")
        let python = try await PythonEnvironment(with: ["pykeepass==4.1.1.post1"])
        let made = try await python.run(Self.making, [path])
        #expect(made.status == 0, "\(made.errors)")
        let original = try Data(contentsOf: URL(filePath: path))
        try original.write(to: URL(filePath: folder.path("original.kdbx")))
        let store = KDBXStore(
            name: "test",
            path: path,
            passwords: ScriptedPasswords(["demopass"]),
            state: folder.path("state"),
            logger: KDBXFixture.quiet
        )
        try await store.unlock(for: UnlockReason())

        let index = try await store.index()
        #expect(index.count == 6)
        #expect(index.titled("Refers").count == 2)
        #expect(index.only("Expired")?.expires == 981_173_106)
        #expect(index.only("Trashed") == nil && index.only("Deleted") == nil)
        #expect(index.matches(url: "https://refers.example:8443/", now: 0).count == 1)
        let odd = try #require(index.all.first { $0.title.hasPrefix("Odd") })
        #expect(
            odd.tags == ["a b", "ö"] && odd.hasNotes && odd.username == String(repeating: "ü", count: 300)
        )
        let secrets = try await store.secrets(of: odd.id)
        #expect(secrets.password == SecretBytes(utf8: "password 59"))
        #expect(secrets.fields["🔑"] == SecretBytes(utf8: "wert 🔑"))
        #expect(secrets.notes.count == 100_000)
        #expect(try await store.history(of: odd.id).count == 60)

        _ = try await store.save(LoginDraft(username: "me", url: "https://new.example/"))
        let judged = try await python.run(Self.judging, [folder.path("original.kdbx"), path])
        #expect(judged.status == 0, "\(judged.errors)")
        #expect(judged.output == "added 2\nbinaries True 2\nversion (4, 0) argon2\n")

        let exported = try await ChildProcess.run(
            "keepassxc-cli",
            ["attachment-export", "-q", "--stdout", path, "Plain", "again.bin"],
            environment: ["HOME": folder.path, "QT_QPA_PLATFORM": "offscreen"],
            input: "demopass\n"
        )
        #expect(exported.status == 0, "\(exported.errors)")
    }
}
