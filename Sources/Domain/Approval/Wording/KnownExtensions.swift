// SPDX-License-Identifier: Apache-2.0

/// The extensions that speak KeePassHttp, by the ids that browsers of Chromium's kind know them by everywhere.
///
/// Each id is from the page of the extension in its store, as its project links to it. PassIFox and other extensions for
/// Firefox have none: there each profile makes a random id.
enum KnownExtensions {
    static let names = [
        // chromewebstore.google.com/detail/keepasshelper-password-ma/…, linked by the extension itself
        "jgnfghanfbjmimbdmnjfofnbcgpkbegj": "KeePassHelper",
        // microsoftedge.microsoft.com/addons/detail/…, linked by the extension itself
        "bfmglfdehkodoiinbclgoppembjfgjkj": "KeePassHelper",
        // chrome.google.com/webstore/detail/keepasshttp-connector/…, README of smorks/keepasshttp-connector
        "dafgdjggglmmknipkhngniifhplpcldb": "KeePassHttp-Connector",
        // chrome.google.com/webstore/detail/chromeipass/…, README of keepassxreboot/keepassxc 2.1 and others; sends
        // this Origin in the tests of a KeePassHttp server in Python
        "ompiailgknfdndiefoaoiligalphfdae": "chromeIPass",
        // chromewebstore.google.com/detail/chromekeepass/…
        "dphoaaiomekdhacmfoblfblmncpnbahm": "ChromeKeePass",
    ]
}
