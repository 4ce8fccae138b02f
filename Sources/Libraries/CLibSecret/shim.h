// SPDX-License-Identifier: Apache-2.0
#pragma once

// The calls on D-Bus paths have kept their form since 0.2 and do just one thing each; their header asks for this.
#define SECRET_API_SUBJECT_TO_CHANGE 1
#include <libsecret/secret.h>

// SecretService's constructor overrides what its maker asks for: always the process-wide session bus, always the
// well-known name. This subclass puts the maker's word last, so that a service can be made on a connection of our
// own (an address of our choice, nobody's exit-on-close) and bound to one owner of the name. Registering a GType
// takes C, so it stands here.
static inline GObject *keybell_service_constructor(GType type, guint count, GObjectConstructParam *properties)
{
    GObjectClass *parent = G_OBJECT_CLASS(g_type_class_peek(SECRET_TYPE_SERVICE));
    GObject *object = parent->constructor(type, count, properties);
    for (guint index = 0; index < count; index++)
        if (properties[index].pspec->owner_type == G_TYPE_DBUS_PROXY)
            g_object_set_property(object, properties[index].pspec->name, properties[index].value);
    return object;
}

static inline void keybell_service_class_init(gpointer klass, gpointer data)
{
    (void)data;
    G_OBJECT_CLASS(klass)->constructor = keybell_service_constructor;
}

static inline GType keybell_service_get_type(void)
{
    static gsize type = 0;
    if (g_once_init_enter(&type)) {
        g_type_class_unref(g_type_class_ref(SECRET_TYPE_SERVICE));
        g_once_init_leave(&type, g_type_register_static_simple(
            SECRET_TYPE_SERVICE, "KeybellSecretService", sizeof(SecretServiceClass),
            (GClassInitFunc)(void (*)(void))keybell_service_class_init, sizeof(SecretService), NULL, 0));
    }
    return type;
}

// Variadic, so not callable from Swift. The proxy neither loads properties nor connects signals: those need a
// main loop, and ours come over libdbus.
static inline SecretService *keybell_service_open(
    GDBusConnection *connection, const gchar *owner, GCancellable *cancellable, GError **error)
{
    return g_initable_new(
        keybell_service_get_type(), cancellable, error,
        "g-connection", connection,
        "g-name", owner,
        "g-object-path", "/org/freedesktop/secrets",
        "g-interface-name", "org.freedesktop.Secret.Service",
        "g-flags", G_DBUS_PROXY_FLAGS_DO_NOT_LOAD_PROPERTIES | G_DBUS_PROXY_FLAGS_DO_NOT_CONNECT_SIGNALS
            | G_DBUS_PROXY_FLAGS_DO_NOT_AUTO_START,
        "flags", SECRET_SERVICE_OPEN_SESSION,
        NULL);
}

// The arguments of Collection.CreateItem; g_variant_new is variadic. Takes over a floating `secret`.
static inline GVariant *keybell_create_item_arguments(const gchar *label, GHashTable *attributes, GVariant *secret)
{
    GVariantBuilder entries, properties;
    GHashTableIter iterator;
    gpointer key, value;
    g_variant_builder_init(&entries, G_VARIANT_TYPE("a{ss}"));
    g_hash_table_iter_init(&iterator, attributes);
    while (g_hash_table_iter_next(&iterator, &key, &value))
        g_variant_builder_add(&entries, "{ss}", (const gchar *)key, (const gchar *)value);
    g_variant_builder_init(&properties, G_VARIANT_TYPE("a{sv}"));
    g_variant_builder_add(&properties, "{sv}", "org.freedesktop.Secret.Item.Label", g_variant_new_string(label));
    g_variant_builder_add(
        &properties, "{sv}", "org.freedesktop.Secret.Item.Attributes", g_variant_builder_end(&entries));
    return g_variant_new("(@a{sv}@(oayays)b)", g_variant_builder_end(&properties), secret, FALSE);
}

// The arguments of Item.SetSecret.
static inline GVariant *keybell_set_secret_arguments(GVariant *secret)
{
    return g_variant_new("(@(oayays))", secret);
}

// The item's and the prompt's path in CreateItem's answer; both to be freed.
static inline void keybell_read_two_paths(GVariant *reply, gchar **first, gchar **second)
{
    g_variant_get(reply, "(oo)", first, second);
}

// The arguments of Service.Unlock, and the prompt's path in its answer; to be freed.
static inline GVariant *keybell_unlock_arguments(const gchar *const *paths)
{
    return g_variant_new("(@ao)", g_variant_new_objv(paths, -1));
}
static inline gchar *keybell_read_unlock_prompt(GVariant *reply)
{
    gchar *prompt = NULL;
    g_variant_get(reply, "(@aoo)", NULL, &prompt);
    return prompt;
}

// Macros with casts and inline functions of GObject that the importer skips.
static inline void keybell_object_unref(gpointer object) { g_object_unref(object); }
static inline gboolean keybell_error_is_cancelled(const GError *error)
{
    return g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

// The arguments of Prompt.Prompt: a window's id, of which we have none.
static inline GVariant *keybell_prompt_arguments(void) { return g_variant_new("(s)", ""); }
